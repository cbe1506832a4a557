"""What a machine lacks for a test: a skip that says so, or a failure where nothing may lack."""

from __future__ import annotations

import os
import shutil

import pytest


def command(name: str) -> str:
    """Path of a program from a Debian package; skips the test where it is missing."""
    found = shutil.which(name)
    return found if found else lacking(f"{name} is not installed")


def lacking(reason: str) -> str:
    """Skip, or fail where nobody would read a skip: on CI a root with apt lacks nothing."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0 and shutil.which("apt-get"):
        pytest.fail(f"on CI this must be there: {reason}")
    pytest.skip(reason)
