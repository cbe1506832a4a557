"""The fake provider on trial: whatever kind of venue its settings make it imitate."""

from __future__ import annotations

from collections.abc import Mapping

from moot.model.app import Healthcheck, Process
from moot.model.value import JSON
from moot.provider import Env
from moot.providers.fake import FakeProvider
from moot.testing.sample import SECRET, lowered
from moot.testing.trial import Trial

UPDATED = {
    "fake.process": {"limits": {"cpu": 2.0, "memory_mib": 64, "pids": None}},
    "fake.gateway": {"listeners": [{"name": "other", "binds": [["127.0.0.1", 14999]]}]},
}
REPLACED = {
    "fake.network": {"internal": True},
    "fake.process": {"command": ["sleep", "2"]},
    "fake.backend": {"port": 1},
}
CHECK = Healthcheck(test=("CMD", "true"))


def trial(
    venue: str,
    configuration: Mapping[str, JSON],
    env: Env,
    provider: type[FakeProvider] = FakeProvider,
) -> Trial:
    """A venue whose world is a file below `env.home`, unless the configuration names another."""

    def make() -> FakeProvider:
        return provider(venue, configuration, env)

    return Trial(
        provider=make,
        resources=lowered(make, "process", Process(command=("sleep", "1")), CHECK),
        updated=UPDATED,
        replaced=REPLACED,
        secret=SECRET,
        patience_s=5,
        list_lag_s=float(configuration.get("list_lag_s", 0.0)),
    )
