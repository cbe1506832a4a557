"""The host provider on trial: processes of this machine, in a data folder of their own."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from moot.model.app import Healthcheck, Process
from moot.model.resource import Resource
from moot.model.value import JSON
from moot.provider import Env
from moot.providers.host import HostProvider
from moot.testing.sample import SECRET, lowered
from moot.testing.trial import Trial
from moot.testing.trials.host_containers import containers, imported

SERVER = ("-m", "http.server", "$PORT", "--bind")
CHECK = Healthcheck(test=("CMD-SHELL", "true"), interval_s=1.0)
UPDATED = {
    "host.process": {"stop_grace_s": 1.5},
    "host.gateway": {
        "listeners": [
            {"name": "other", "binds": [["127.0.0.1", 14998]], "http": False, "retry_all": False}
        ]
    },
    "host.backend": {"drain_s": 1.5},
    "host.container": {"stop_grace_s": 2.0},
}
REPLACED = {
    "host.process": {"command": ["sleep", "60"]},
    "host.container": {"command": ["sleep", "60"]},
}


def trial(venue: str, configuration: Mapping[str, JSON], env: Env) -> Trial:
    """The local machine unless the configuration says otherwise; all it writes is below `home`."""
    here = {} if "host" in configuration else {"local": True, "data": f"{env.home}/data"}
    settings = {**here, **configuration}
    server = (sys.executable, *SERVER, "127.0.0.1") if here else ("python3", *SERVER, "0.0.0.0")  # noqa: S104  (where other machines reach it)

    def make() -> HostProvider:
        return HostProvider(venue, settings, env)

    processes = lowered(make, "process", Process(command=server), CHECK)
    offering = make().offerings()[0]
    if "runs:container" not in offering.traits:
        return _trial(make, processes)
    image = f"moot-contract/host:{uuid.uuid4().hex[:8]}"  # several runs may share an engine
    more = containers(make, offering, image)
    return replace(
        _trial(make, lambda name: [*processes(name), *more(name)]),
        stage=lambda: imported(image, env.environ),
        patience_s=120,
    )


def _trial(
    make: Callable[[], HostProvider], resources: Callable[[str], Sequence[Resource]]
) -> Trial:
    return Trial(
        provider=make, resources=resources, updated=UPDATED, replaced=REPLACED, secret=SECRET
    )
