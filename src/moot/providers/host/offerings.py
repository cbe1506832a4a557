"""The room one machine offers, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from moot.model.diagnostic import Diagnostic
from moot.model.value import JSON
from moot.model.venue import Offering
from moot.provider import ProviderError
from moot.providers.host.machine import Machine

LEAST = (2, 6)
LOOPBACK = "127.0.0.1"


def offering(machine: Machine, configuration: Mapping[str, JSON]) -> Offering:
    """All of the machine's CPUs, memory and disk: what other programs use is not known."""
    facts = machine.facts()
    local = bool(configuration.get("local"))
    given: Any = configuration.get("traits", ())
    # The engine beside us is a venue of its own, `docker`.
    bridge = "" if local else facts["containers"]
    return Offering(
        venue=machine.venue,
        name="local" if local else "machine",
        cpu=float(facts["cpus"]),
        memory_mib=facts["memory_mib"],
        disk_mib=facts["disk_mib"],
        gpus=int(configuration.get("gpus", facts["gpus"])),
        hourly=Decimal(str(configuration.get("price", 0))),
        currency=str(configuration.get("currency", "EUR")),
        region=str(configuration.get("region", "")),
        zone=str(configuration.get("zone", "")),
        traits=frozenset((*_ways(bridge), *facts["traits"], *given)),
        machine=identity_of(facts),
        host_name=bridge or LOOPBACK,
        host_address=bridge or LOOPBACK,
        reach="" if local else machine.address,
    )


def _ways(bridge: str) -> Iterator[str]:
    """How components can run; where there are containers, all reach the machine at its bridge."""
    yield "runs:process"
    if bridge:
        yield "runs:container"


def identity_of(facts: Mapping[str, Any]) -> str:
    """What tells this machine from every other: its machine id, else its host name."""
    if not facts["identity"]:
        raise ProviderError(
            "ServiceInternalError",
            "the machine has neither an id nor a host name",
            remedy="run `systemd-machine-id-setup` there, or write one into /etc/machine-id",
        )
    return facts["identity"]


def lacks(machine: Machine) -> Iterator[Diagnostic]:
    """What must be installed before everything works here."""
    version = machine.version_of_haproxy()
    if version is None or version < LEAST:
        there = f"version {version[0]}.{version[1]} is too old" if version else "it is not there"
        yield Diagnostic(
            summary="HAProxy 2.6 or newer is missing",
            detail=f"published ports and replicas are reached through it; {there}",
            remedy="apt-get install haproxy",
        )
    if machine.facts()["secrets_in"] == "disk":
        yield Diagnostic(
            severity="warning",
            summary="secrets of processes lie on its disk",
            detail="for the replica's user alone, until it is deleted; they lie in memory where "
            "moot is root and /run or /dev/shm is memory",
            remedy="encrypt that disk, or let moot be root there (`sudo: true`)",
        )
    if not machine.facts()["writable"]:
        yield Diagnostic(
            summary="the data folder cannot be written",
            detail=f"{machine.data} keeps run folders and volumes",
            remedy="set `data` of this venue to a folder of your own",
        )
