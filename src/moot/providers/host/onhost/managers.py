"""The package manager that the machine has."""

from __future__ import annotations

import shutil

from .apt import Apt
from .dnf import Dnf
from .files import Problem
from .zypper import Zypper

MANAGERS = {"apt-get": Apt, "dnf": Dnf, "zypper": Zypper}


def manager():
    """One of them; they all know `versions`, `install`, `release`, `orphans` and `remove`."""
    for program, kind in MANAGERS.items():
        if shutil.which(program) and kind.rules():
            return kind()
    names = ", ".join(MANAGERS)
    raise Problem("InvalidRequest", f"the machine has none of {names}", "install what it needs")
