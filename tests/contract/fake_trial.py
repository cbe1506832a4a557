"""The fake provider on trial: one venue for each kind of world it can imitate."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sample import SECRET, lowered

from moot.model.app import Healthcheck, Process
from moot.provider import Env
from moot.providers.fake import FakeProvider
from moot.testing.trial import Trial

HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")

KINDS = {
    "name": {"create_class": "NAME"},
    "token": {"create_class": "TOKEN"},
    "tag": {"create_class": "TAG"},
    "bare": {"create_class": "BARE"},
    "slow": {"pending": 2, "pending_s": 0.001, "starts_within_s": 0.01, "latency_s": 0.0005},
    "lagging": {"create_class": "TOKEN", "list_lag_s": 0.01, "page_size": 2},
}
UPDATED = {
    "fake.process": {"limits": {"cpu": 2.0, "memory_mib": 64, "pids": None}},
    "fake.gateway": {"listeners": [{"name": "other", "binds": [["127.0.0.1", 14999]]}]},
}
REPLACED = {
    "fake.network": {"internal": True},
    "fake.process": {"command": ["sleep", "2"]},
    "fake.backend": {"port": 1},
}


def trial(kind: str, provider: type[FakeProvider] = FakeProvider) -> Trial:
    """A venue of this kind; its world stays between calls, as the world does."""
    settings = {**KINDS[kind], "world": f"{HOME.name}/{kind}-{provider.__name__}.sqlite3"}

    def make() -> FakeProvider:
        return provider("toy", settings, Env(home=Path(HOME.name)))

    return Trial(
        provider=make,
        resources=lowered(make, "process", Process(command=("sleep", "1")), CHECK),
        updated=UPDATED,
        replaced=REPLACED,
        secret=SECRET,
        patience_s=5,
    )


CHECK = Healthcheck(test=("CMD", "true"))
