"""One machine's provider per test, which must leave no process and no file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hostsite import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Whatever a test leaves running is ended; volumes alone may stay."""
    there = Site(tmp_path)
    yield there
    for item, _ in reversed(there.standing):
        there.delete(item)
    assert not (there.data / "run").exists()
