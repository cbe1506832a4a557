"""A folder as a test of commands finds it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def moot(told: Run, request: pytest.FixtureRequest) -> Run:
    """Runs a command where venues.yaml and compose.yaml say what VENUES and COMPOSE of the test's
    module do, as far as it has them.
    """
    for name in ("VENUES", "COMPOSE"):
        if text := getattr(request.module, name, ""):
            Path(f"{name.lower()}.yaml").write_text(text)
    return told
