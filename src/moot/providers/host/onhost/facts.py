"""What a machine is: its size, its free room, its operating system and what it can do."""

from __future__ import annotations

import os
import sys

from .lean import suppress
from .secretfiles import in_memory

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
DEVICES = {  # by trait: what is there where it holds
    "device:kvm": "/dev/kvm",
    "device:tun": "/dev/net/tun",
    "device:dri": "/dev/dri",
    "gpu:nvidia": "/dev/nvidia0",
    "gpu:amd": "/dev/kfd",
    "systemd": "/run/systemd/system",
}
ENGINES = ("docker", "podman")
PROGRAMS = ("apt-get", "dnf", "zypper", "apk", "docker", "podman", "nft", "puppet", "git")


def facts(data):
    """Everything at once, sizes in MiB; `data` is the folder whose disk counts."""
    memory, place = _memory(), _nearest(data)
    disk = os.statvfs(place)
    system, this = _system(), os.uname()
    return {
        "identity": _identity(),
        "host": this.nodename,
        "system": system.get("PRETTY_NAME", this.sysname),
        "kernel": this.release,
        "architecture": ARCHITECTURES.get(this.machine, this.machine),
        "cpus": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "memory_mib": memory["MemTotal"],
        "memory_free_mib": memory.get("MemAvailable", memory["MemFree"]),
        "disk_mib": disk.f_blocks * disk.f_frsize >> 20,
        "disk_free_mib": disk.f_bavail * disk.f_frsize >> 20,
        "user": os.getuid(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "up_s": int(float(_text("/proc/uptime").split()[0])),
        "containers": containers(),
        "secrets_in": "memory" if in_memory() else "disk",
        "writable": os.path.isdir(place) and os.access(place, os.W_OK),
        "gpus": _gpus(),
        "traits": sorted(_traits(system, this.machine)),
    }


def containers():
    """Where containers reach the machine they are on; empty where no engine answers."""
    if not any(os.access(f"{f}/{name}", os.X_OK) for f in os.get_exec_path() for name in ENGINES):
        return ""
    from .engines import bridge

    return bridge()


def version(haproxy):
    """[2, 6] for HAProxy 2.6.12; None where there is none."""
    import re
    import subprocess

    with suppress(OSError):
        said = subprocess.run([haproxy, "-v"], capture_output=True, check=False)  # noqa: S603
        found = re.match(rb"HA-?Proxy version (\d+)\.(\d+)", said.stdout)
        return [int(found[1]), int(found[2])] if found else None


def _traits(system, architecture):
    """What it has, as far as components may ask for it."""
    yield f"arch:{ARCHITECTURES.get(architecture, architecture)}"
    yield "os:linux"
    if not os.getuid():
        yield "runs:recipe"
    if "ID" in system:
        yield f"os:{system['ID']}"
    if "VERSION_ID" in system:
        yield f"os:{system['ID']}-{system['VERSION_ID']}"
    for trait, path in DEVICES.items():
        if os.path.exists(path):
            yield trait
    for program in PROGRAMS:
        if any(os.access(f"{folder}/{program}", os.X_OK) for folder in os.get_exec_path()):
            yield f"has:{program}"
    yield f"has:python{sys.version_info[0]}.{sys.version_info[1]}"


def _gpus():
    """How many there are: device files of NVIDIA's, nodes of AMD's that are no processors."""
    nvidia = sum(name[6:].isdigit() for name in os.listdir("/dev") if name.startswith("nvidia"))
    if nvidia:
        return nvidia
    found = 0
    for node in _listed("/sys/class/kfd/kfd/topology/nodes"):
        with suppress(OSError):
            found += _text(f"/sys/class/kfd/kfd/topology/nodes/{node}/gpu_id").strip() != "0"
    return found


def _listed(folder):
    with suppress(OSError):
        return os.listdir(folder)
    return []


def _identity():
    """What tells this machine from every other: its machine id, else its host name."""
    for path in ("/etc/machine-id", "/proc/sys/kernel/hostname"):
        with suppress(OSError):
            text = _text(path).strip()
            if text and text != "uninitialized":
                return f"machine:{text}"
    return ""


def _memory():
    lines = (line.split() for line in _text("/proc/meminfo").splitlines())
    return {words[0].rstrip(":"): int(words[1]) // 1024 for words in lines}


def _system():
    with suppress(OSError):
        pairs = (line.partition("=") for line in _text("/etc/os-release").splitlines())
        return {name: value.strip("\"'") for name, _, value in pairs if value}
    return {}


def _nearest(path):
    """What is there of a path: the rest, which is missing yet, will be on its disk."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
