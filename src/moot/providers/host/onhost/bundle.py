"""Our scripts themselves, as this machine was given them: kept in memory, put on disk when needed.

They are put on disk by the first change, because supervisors start from there, and they leave with
the last thing that is here.
"""

from __future__ import annotations

import fcntl
import marshal
import os

from .carried import CODE, STABLE, TEXTS, compiled

SUPERVISORS = tuple(  # what each of them imports: compiled once for all
    f"onhost/{name}.py"
    for name in ("__init__", "bundle", "carried", "files", "lean", "process", "supervisor")
)
GIVEN = {"digest": "", "texts": dict}  # a call gives them; and what is compiled: "modules"


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
    texts = GIVEN["texts"]()
    modules = {**texts, **GIVEN.get("modules", {})}
    modules.update((name, compiled(modules[name], name)) for name in SUPERVISORS)
    files = {
        "run.py": texts["onhost/carried.py"].encode(),
        TEXTS: marshal.dumps(texts, STABLE),
        CODE: marshal.dumps(modules),
    }
    try:
        os.mkdir(new)
        for name, content in files.items():
            with open(f"{new}/{name}", "wb") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # or a power cut could leave a part of them for good
        os.rename(new, folder)
    except BaseException:
        import shutil  # seldom needed, and dear to import

        shutil.rmtree(new, ignore_errors=True)
        raise
