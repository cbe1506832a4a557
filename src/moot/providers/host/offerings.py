"""The room one machine offers, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator

from moot.model.diagnostic import Diagnostic
from moot.model.venue import Offering
from moot.provider import ProviderError
from moot.providers.host.machine import Machine
from moot.shell import Command

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


def offering(machine: Machine, name: str, identity: str) -> Offering:
    """All of the machine's CPUs, memory and free disk: what other programs use is not known."""
    script = 'nproc; uname -m; df -Pm "$0" 2>/dev/null || df -Pm /'
    ran = machine.shell.run(Command(argv=("sh", "-c", script, machine.root)))
    if ran.exit_code:
        raise ProviderError("ServiceInternalError", ran.stderr.decode(errors="replace"))
    cpus, architecture, _, disk, *_ = ran.stdout.decode().splitlines()
    return Offering(
        venue=machine.venue,
        name=name,
        cpu=float(cpus),
        memory_mib=_memory_mib(machine),
        disk_mib=int(disk.split()[3]),
        traits=frozenset(
            (
                "runs:process",
                f"arch:{ARCHITECTURES.get(architecture, architecture)}",
                *_systems(machine),
            )
        ),
        machine=identity,
    )


def identity_of(machine: Machine) -> str:
    """What tells this machine from every other: its machine id, else its host name."""
    for path in ("/etc/machine-id", "/proc/sys/kernel/hostname"):
        if text := (machine.shell.get(path) or b"").decode().strip():
            return f"machine:{text}"
    raise ProviderError("ServiceInternalError", "the machine has neither an id nor a host name")


def lacks(machine: Machine) -> Iterator[Diagnostic]:
    """What must be installed before everything works here."""
    version = machine.version_of_haproxy()
    if version is None or version < (2, 6):
        there = f"version {version[0]}.{version[1]} is too old" if version else "it is not there"
        yield Diagnostic(
            summary="HAProxy 2.6 or newer is missing",
            detail=f"published ports and replicas are reached through it; {there}",
            remedy="apt-get install haproxy",
        )
    probe = 'd=$0; while [ ! -e "$d" ]; do d=$(dirname "$d"); done; [ -d "$d" ] && [ -w "$d" ]'
    if machine.shell.run(Command(argv=("sh", "-c", probe, machine.data))).exit_code:
        yield Diagnostic(
            summary="the data folder cannot be written",
            detail=f"{machine.data} keeps run folders and volumes",
            remedy="set `data` of this venue to a folder of your own",
        )


def _memory_mib(machine: Machine) -> int:
    for line in (machine.shell.get("/proc/meminfo") or b"").decode().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    raise ProviderError(
        "ServiceInternalError", "/proc/meminfo does not say how much memory there is"
    )


def _systems(machine: Machine) -> Iterator[str]:
    yield "os:linux"
    for line in (machine.shell.get("/etc/os-release") or b"").decode().splitlines():
        if line.startswith("ID="):
            yield f"os:{line[3:].strip(chr(34))}"
