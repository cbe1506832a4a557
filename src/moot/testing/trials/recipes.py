"""What recipes are made of, on trial: on a machine where a package `moot-trial` can be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moot.model.resource import Resource
from moot.model.value import JSON, Secret, Value
from moot.provider import Env
from moot.providers.host import HostProvider
from moot.testing.sample import SECRET
from moot.testing.trial import Trial

PACKAGE = "moot-trial"
UPDATED = {
    "host.user": {"shell": "/bin/sh", "groups": []},
    "host.file": {"content": "other\n", "mode": "0600"},
    "host.firewall": {
        "rules": [{"action": "deny", "port": "14998", "protocol": "udp", "from": ["10.9.8.0/24"]}]
    },
    "host.script": {"repeatable": True},
}


def trial(venue: str, configuration: Mapping[str, JSON], env: Env) -> Trial:
    """A machine of which we are root; nothing that a recipe is made of has another venue."""

    def make() -> HostProvider:
        return HostProvider(venue, configuration, env)

    def resources(name: str) -> Sequence[Resource]:
        return list(_resources(name, venue))

    return Trial(provider=make, resources=resources, updated=UPDATED, secret=SECRET, patience_s=120)


def _resources(name: str, venue: str) -> Sequence[Resource]:
    marker = f"/var/tmp/moot-{name}"  # noqa: S108  (on the machine on trial)
    file: Mapping[str, Value] = {
        "path": f"/etc/moot-{name}/conf.d/web.conf",
        "content": "${HOST_NAME}: ${GREETING}\n",
        "encoding": "utf-8",
        "template": True,
        "environment": {"GREETING": Secret("greeting", "1")},
        "owner": None,
        "group": None,
        "mode": "0640",
        "contents": "as given",
    }
    script: Mapping[str, Value] = {
        "title": "script 'init'",
        "run": f"test ! -e {marker}; echo $WORD > {marker}",
        "check": f"test -e {marker}",
        "undo": f"rm {marker}",
        "repeatable": False,
        "environment": {"WORD": Secret("word", "1")},
        "secret_variables": ["WORD"],
        "outcome": "done",
    }
    user: Mapping[str, Value] = {
        "name": f"u-{name}",
        "system": True,
        "home": f"/srv/{name}",
        "shell": "/usr/sbin/nologin",
        "groups": [f"g-{name}"],
        "present": True,
    }
    rule = {"action": "allow", "port": "14999", "protocol": "tcp", "from": ["10.0.0.0/8"]}
    stages: Mapping[str, Mapping[str, Value]] = {
        "package": {"names": [PACKAGE]},
        f"user/u-{name}": user,
        "file/web.conf": file,
        "firewall": {"rules": [rule], "table": "loaded"},
        "script/init": script,
    }
    return [
        Resource(
            address=f"{name}/web@{venue}/recipe/{path}",
            type=f"host.{path.partition('/')[0]}",
            venue=venue,
            properties=properties,
        )
        for path, properties in stages.items()
    ]
