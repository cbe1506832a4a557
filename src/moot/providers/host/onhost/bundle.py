"""Our scripts themselves, as this machine was given them: kept in memory, put on disk when needed.

They are put on disk by the first change, because supervisors start from there, and they leave with
the last thing that is here.
"""

from __future__ import annotations

import fcntl
import os
import shutil

GIVEN = {"digest": "", "texts": {}}


def script(data):
    """The program that supervisors and commands beside replicas are started with."""
    return f"{data}/lib/{GIVEN['digest']}/run.py"


def unpack(data):
    """Put our scripts below `data`, whole or not at all; another version's may stand beside.

    One errand does it while the others wait.
    """
    folder = os.path.dirname(script(data))
    if os.path.exists(f"{folder}/run.py"):
        return
    above = os.path.dirname(folder)
    os.makedirs(above, exist_ok=True)
    held = os.open(above, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not os.path.exists(f"{folder}/run.py"):
            _write(folder, f"{folder}.{os.getpid()}")
    finally:
        os.close(held)


def _write(folder, new):
    try:
        for name, text in GIVEN["texts"].items():
            os.makedirs(os.path.dirname(f"{new}/{name}"), mode=0o755, exist_ok=True)
            with open(f"{new}/{name}", "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(text)
        os.rename(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
