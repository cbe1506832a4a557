"""Vendors that answer on this machine, and what moot says of their prices."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from vendors import Vendors, vendors

from moot.market import refresh


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    """Both vendors, and an environment in which they are asked at once and again."""
    with vendors() as found:
        monkeypatch.setenv("MOOT_PRICES_AWS", found.url)
        monkeypatch.setenv("MOOT_PRICES_AZURE", f"{found.url}/")
        monkeypatch.setenv("MOOT_PRICES_GCP", found.url)
        monkeypatch.delenv("MOOT_PRICES_GCP_KEY", raising=False)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(refresh, "FIRST_WAIT_S", 0.01)
        Path(os.environ["MOOT_VENUES"]).parent.mkdir(parents=True, exist_ok=True)
        yield found
