"""What a template may know of the machine it is for."""

from __future__ import annotations

import os


def facts(address):
    """Names that stand for the machine; others reach it at `address`."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    system = os.uname()
    return {
        "HOST_NAME": system.nodename,
        "HOST_CPUS": str(os.cpu_count()),
        "HOST_MEMORY_MIB": str(memory // 1024 // 1024),
        "HOST_ARCH": system.machine,
        "HOST_ADDRESS": address,
        **_release(),
    }


def _release():
    """HOST_OS and HOST_OS_VERSION, as /etc/os-release says."""
    found = {"HOST_OS": "linux", "HOST_OS_VERSION": ""}
    names = {"ID": "HOST_OS", "VERSION_ID": "HOST_OS_VERSION"}
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            for line in file:
                key, _, value = line.strip().partition("=")
                if key in names:
                    found[names[key]] = value.strip("\"'")
    except FileNotFoundError:
        pass
    return found
