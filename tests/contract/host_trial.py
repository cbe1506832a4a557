"""The host provider on trial: this machine, with a data folder of its own."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from sample import SECRET, lowered

from moot.model.app import Healthcheck, Process
from moot.provider import Env
from moot.providers.host import HostProvider
from moot.testing.trial import Trial

HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")
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


def make() -> HostProvider:
    env = Env(home=Path(HOME.name), environ={"PATH": os.environ["PATH"]})
    return HostProvider("laptop", {"local": True, "data": f"{HOME.name}/data"}, env)


def trial() -> Trial:
    return Trial(
        provider=make,
        resources=lowered(make, "process", Process(command=SERVER), CHECK),
        updated=UPDATED,
        replaced=REPLACED,
        secret=SECRET,
    )
