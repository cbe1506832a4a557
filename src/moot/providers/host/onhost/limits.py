"""Limits of a replica by cgroups of its own, version 1 or 2, as far as this machine lets us."""

from __future__ import annotations

import os

from .lean import suppress

ROOT = "/sys/fs/cgroup"


def limit(limits, name):
    """Make the cgroups: (their directories, by what each limit is enforced).

    That is "cgroup", for memory else "address space", for the others else "nothing".
    """
    unified = os.path.exists(f"{ROOT}/cgroup.controllers")
    made, enforced = [], {}
    for key, (controller, old_file, new_file, text) in _controls(limits).items():
        enforced[key] = "address space" if key == "memory_mib" else "nothing"
        parent = f"{ROOT}/moot" if unified else f"{ROOT}/{controller}/moot"
        with suppress(OSError):
            os.makedirs(parent, exist_ok=True)
            if unified:
                for above in (ROOT, parent):
                    _write(f"{above}/cgroup.subtree_control", f"+{controller}")
            os.makedirs(f"{parent}/{name}", exist_ok=True)
            _write(f"{parent}/{name}/{new_file if unified else old_file}", text)
            enforced[key] = "cgroup"
            if f"{parent}/{name}" not in made:
                made.append(f"{parent}/{name}")
    return made, enforced


def drop(directories):
    """Remove cgroups that nobody is in, and the folder above with the last one."""
    for directory in directories:
        with suppress(OSError):
            os.rmdir(directory)
            os.rmdir(os.path.dirname(directory))


def _controls(limits):
    """By limit: controller, its file in version 1 and in version 2, and what to write there."""
    found = {}
    if limits.get("memory_mib"):
        size = str(int(limits["memory_mib"]) * 1024 * 1024)
        found["memory_mib"] = "memory", "memory.limit_in_bytes", "memory.max", size
    if limits.get("pids"):
        found["pids"] = "pids", "pids.max", "pids.max", str(int(limits["pids"]))
    if limits.get("cpu"):  # microseconds in each period of 100 ms
        share = str(int(limits["cpu"] * 100000))
        found["cpu"] = "cpu", "cpu.cfs_quota_us", "cpu.max", share
    return found


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
