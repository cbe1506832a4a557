"""From a venue's configuration to its machine: the one we are on, or another over SSH."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moot.model.value import JSON
from moot.provider import FACTS_WITHIN_S, Env, ProviderError
from moot.providers.host.courier import courier
from moot.providers.host.machine import Machine
from moot.providers.host.onhost.ports import reservations_of
from moot.providers.host.session import Interpreter
from moot.shells.local import LocalShell
from moot.shells.ssh import CONNECTION, SshShell, Way

_TEXT: JSON = {"type": "string", "minLength": 1}
OURS = str(Path(__file__).parent)  # our scripts stand here already, compiled
SSH = ("user", "port", "identity_file", "ssh_config", "host_keys", "host_key", "jump")
CONFIG_SCHEMA: JSON = {
    "type": "object",
    "properties": {
        "local": {"const": True},
        "host": _TEXT,
        "user": _TEXT,
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "identity_file": _TEXT,
        "ssh_config": _TEXT,
        "host_keys": {"enum": ["strict", "accept-new"]},
        "host_key": {"type": "string", "pattern": "^SHA256:"},
        "jump": _TEXT,
        # The engine gives up a venue that says nothing for longer.
        "connect_timeout_s": {"type": "number", "exclusiveMinimum": 0, "maximum": FACTS_WITHIN_S},
        "persist_s": {"type": "integer", "minimum": 0},
        "sudo": {"type": "boolean"},
        "python": _TEXT,
        "data": _TEXT,
        "address": _TEXT,
        "own_users": {"type": "boolean"},
        "price": {"type": "number", "minimum": 0},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "region": _TEXT,
        "zone": _TEXT,
        "gpus": {"type": "integer", "minimum": 0},
        "traits": {"type": "array", "items": _TEXT},
        "gateway": {
            "type": "object",
            "properties": {"haproxy": {"type": "string"}},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}


def machine_of(venue: str, configuration: Mapping[str, JSON], env: Env) -> Machine:
    """The machine of a venue; one that is not ours is asked who it is, so this may take a while."""
    if configuration.get("local"):
        return _this_one(venue, configuration, env)
    return _another(venue, configuration, env)


def _this_one(venue: str, configuration: Mapping[str, JSON], env: Env) -> Machine:
    root, data = _folders(venue, configuration, env)
    return Machine(
        courier=courier(Interpreter(LocalShell(), (sys.executable,), folder=OURS)),
        shell=LocalShell(),
        root=root,
        data=data,
        reservations=reservations_of(env.environ),
        python=sys.executable,
        path=env.environ.get("PATH") or Machine.path,
        haproxy=_haproxy(configuration),
        venue=venue,
        own_users=bool(configuration.get("own_users", False)),
        trace=env.trace,
    )


def _another(venue: str, configuration: Mapping[str, JSON], env: Env) -> Machine:
    given: dict[str, Any] = {name: configuration[name] for name in SSH if name in configuration}
    for name in ("connect_timeout_s", "persist_s"):
        if name in configuration:
            given[name] = configuration[name]
    way = Way(host=str(configuration["host"]), sockets=_sockets(env), **given)
    shell = SshShell(way, env.environ)
    launcher = ("sudo", "-n") if configuration.get("sudo") else ()
    interpreter = Interpreter(
        shell=shell,
        argv=(*launcher, str(configuration.get("python", "python3"))),
        arguments=(CONNECTION,),
        data=str(configuration.get("data", "")),
        key=_key(env),
        greeted_within_s=way.connect_timeout_s + 20,
    )
    post = courier(interpreter)
    hello = post.hello()
    return Machine(
        courier=post,
        shell=shell,
        root=hello["root"],
        data=hello["data"],
        reservations=hello["reservations"],
        python=hello["python"],
        launcher=launcher,
        haproxy=_haproxy(configuration),
        venue=venue,
        address=str(configuration.get("address") or hello["address"]),
        own_users=bool(configuration.get("own_users", True)),
        trace=env.trace,
    )


def _haproxy(configuration: Mapping[str, JSON]) -> str:
    gateway: Any = configuration.get("gateway") or {}
    return gateway.get("haproxy", "haproxy")


def _key(env: Env) -> str:
    """Keeps apart what several homes of moot have on one machine."""
    home = f"{socket.gethostname()} {env.home.absolute()}"
    return hashlib.sha256(home.encode()).hexdigest()[:12]


def _sockets(env: Env) -> str:
    """A folder of our user's alone, with a short path: sockets cannot have a long one."""
    # Right below a folder where nobody else can replace it: /tmp lets only owners rename.
    runtime = env.environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime, "moot-ssh") if runtime else Path(f"/tmp/moot-ssh-{os.getuid()}")  # noqa: S108
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ProviderError(
            "AccessDenied",
            f"{folder} is not ours alone: who can write there could take over connections",
            remedy="remove it, or set XDG_RUNTIME_DIR to a folder of your own",
        )
    return str(folder)


def _folders(venue: str, configuration: Mapping[str, JSON], env: Env) -> tuple[str, str]:
    """(the folder that always stays, the venue's data folder below it).

    Root runs replicas as other users too, and these must be able to reach volumes and files: below
    its home (/root) they could not, so root's data is in /var/lib, apart for each MOOT_HOME.
    """
    home = env.home.absolute()
    if configured := configuration.get("data"):
        data = Path(str(configured)).expanduser().absolute()
        return str(data.parent), str(data)
    if os.getuid() == 0:
        digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        return "/var/lib", f"/var/lib/moot/{digest}/{venue}"
    return str(home), str(home / "host" / venue)
