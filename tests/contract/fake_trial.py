"""The fake provider on trial: one venue for each kind of world it can imitate."""

from __future__ import annotations

import tempfile
from pathlib import Path

from moot.provider import Env
from moot.providers.fake import FakeProvider
from moot.testing.trial import Trial
from moot.testing.trials.fake import trial as of_fake

HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")

KINDS = {
    "name": {"create_class": "NAME"},
    "token": {"create_class": "TOKEN"},
    "tag": {"create_class": "TAG", "list_lag_s": 0.05, "settles_within_s": 0.1},
    "bare": {"create_class": "BARE"},
    "slow": {"pending": 2, "pending_s": 0.001, "starts_within_s": 0.01, "latency_s": 0.0005},
    "lagging": {
        "create_class": "TOKEN",
        "list_lag_s": 0.01,
        "settles_within_s": 0.02,
        "page_size": 2,
    },
}


def trial(kind: str, provider: type[FakeProvider] = FakeProvider) -> Trial:
    """A venue of this kind; its world stays between calls, as the world does."""
    world = f"{HOME.name}/{kind}-{provider.__name__}.sqlite3"
    return of_fake("toy", {**KINDS[kind], "world": world}, Env(home=Path(HOME.name)), provider)
