"""The host provider on trial: processes of this machine, in a data folder of their own."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from moot.model.app import Healthcheck, Process
from moot.model.value import JSON
from moot.provider import Env
from moot.providers.host import HostProvider
from moot.testing.sample import SECRET, lowered
from moot.testing.trial import Trial

SERVER = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "$PORT")
CHECK = Healthcheck(test=("CMD-SHELL", "true"), interval_s=1.0)
UPDATED = {
    "host.process": {"stop_grace_s": 1.5},
    "host.gateway": {
        "listeners": [
            {"name": "other", "binds": [["127.0.0.1", 14998]], "http": False, "retry_all": False}
        ]
    },
    "host.backend": {"drain_s": 1.5},
}
REPLACED = {"host.process": {"command": ["sleep", "60"]}}


def trial(venue: str, configuration: Mapping[str, JSON], env: Env) -> Trial:
    """The local machine unless the configuration says otherwise; all it writes is below `home`."""
    settings = {"local": True, "data": f"{env.home}/data", **configuration}

    def make() -> HostProvider:
        return HostProvider(venue, settings, env)

    return Trial(
        provider=make,
        resources=lowered(make, "process", Process(command=SERVER), CHECK),
        updated=UPDATED,
        replaced=REPLACED,
        secret=SECRET,
    )
