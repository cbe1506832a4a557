"""A cluster of ByteDance's: services, machines and how much the services send one another."""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from moot.model.app import App, Component, Needs, Process
from moot.model.placement import Placement
from moot.model.traffic import Traffic
from moot.model.venue import Offering

DATA = Path(__file__).parent / "data" / "bytedance_rasa_M3.json.gz"
CPUS, MIB = 10_000, 10**8  # of all machines together: the data has parts of the whole
STEPS = 1_000_000  # of a CPU
TRAFFIC_GB = 10**6  # a month, of all together

On = Mapping[str, Mapping[str, int]]  # by machine and service how many


@dataclass(frozen=True, slots=True)
class Service:
    """What each of its replicas takes, in parts of the whole."""

    name: str
    replicas: int
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Machine:
    """What it has, in parts of the whole."""

    name: str
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """`edges` are pairs of services, each with its part of all traffic; `deployed` is how the
    services ran.
    """

    services: Sequence[Service]
    machines: Sequence[Machine]
    edges: Sequence[tuple[str, str, float]]
    deployed: On

    @classmethod
    def read(cls) -> Cluster:
        data = json.loads(gzip.decompress(DATA.read_bytes()))
        owner = {name: s["Service"] for s in data["ServiceList"] for name in s["ContainerList"]}
        return cls(
            services=[
                Service(s["Service"], len(s["ContainerList"]), s["RequestCPU"], s["RequestMem"])
                for s in data["ServiceList"]
            ],
            machines=[
                Machine(m["MachineIP"], m["TotalCPU"], m["TotalMem"]) for m in data["MachineList"]
            ],
            edges=[(t["Service1"], t["Service2"], t["Traffic"]) for t in data["TrafficList"]],
            deployed={
                m["MachineIP"]: Counter(owner[name] for name in m["InitialDeployingContainers"])
                for m in data["MachineList"]
            },
        )

    def app(self, talking: bool) -> App:
        """Needs are rounded up, so that no machine is too full by the figures of the data."""
        sent: dict[str, list[Traffic]] = {}
        for one, other, part in self.edges if talking else ():
            traffic = Traffic(other, Decimal(repr(part)) * TRAFFIC_GB)
            sent.setdefault(one, []).append(traffic)
        parts = (
            Component(
                name=service.name,
                replicas=service.replicas,
                process=Process(command=("serve",)),
                needs=Needs(
                    cpu=math.ceil(service.cpu * CPUS * STEPS) / STEPS,
                    memory_mib=math.ceil(service.memory * MIB),
                ),
                traffic=tuple(sent.get(service.name, ())),
            )
            for service in self.services
        )
        return App(name="m3", components=tuple(parts))

    def offerings(self) -> list[Offering]:
        """One pool, at no charge."""
        return [
            Offering(
                venue=f"rasa:{machine.name}",
                name="machine",
                cpu=math.floor(machine.cpu * CPUS * STEPS) / STEPS,
                memory_mib=math.floor(machine.memory * MIB),
                traits=frozenset({"runs:process"}),
                machine=machine.name,
                reach=machine.name,
                pool="rasa",
            )
            for machine in self.machines
        ]

    def gained(self, on: On) -> float:
        """The gained affinity, as a part of all there is: of each edge its weight times, on every
        machine, the smaller of the parts of the two services that are there.
        """
        replicas = {service.name: service.replicas for service in self.services}
        return sum(
            part * min(there.get(one, 0) / replicas[one], there.get(other, 0) / replicas[other])
            for one, other, part in self.edges
            for there in on.values()
        )

    def overfull(self, on: On) -> int:
        """How many machines have more on them than they have room for."""
        known = {service.name: service for service in self.services}

        def is_overfull(machine: Machine) -> bool:
            there = [(known[name], count) for name, count in on.get(machine.name, {}).items()]
            cpu = sum(service.cpu * count for service, count in there)
            memory = sum(service.memory * count for service, count in there)
            return cpu > machine.cpu * (1 + 1e-9) or memory > machine.memory * (1 + 1e-9)

        return sum(map(is_overfull, self.machines))

    def most(self) -> float:
        """No placement gains more: what each edge could gain if there were no other services."""
        known = {service.name: service for service in self.services}
        return sum(part * self._alone(known[one], known[other]) for one, other, part in self.edges)

    def _alone(self, one: Service, other: Service) -> float:
        """The part of an edge that two services gain at most.

        With so many of the one that has fewer replicas on a machine, the other fills it up, not in
        whole replicas.  That grows less with each, so the largest of all steps are a bound.
        """
        few, many = sorted((one, other), key=lambda service: service.replicas)
        steps: list[float] = []
        for machine in self.machines:
            before = 0.0
            for count in range(1, few.replicas + 1):
                cpu = (machine.cpu - count * few.cpu) / many.cpu
                memory = (machine.memory - count * few.memory) / many.memory
                gained = min(count / few.replicas, cpu / many.replicas, memory / many.replicas)
                if gained <= before:
                    break
                steps.append(gained - before)
                before = gained
        return min(1.0, sum(sorted(steps, reverse=True)[: few.replicas]))


def on(placement: Placement) -> On:
    """What is on each machine."""
    found: dict[str, Counter[str]] = {}
    for run in placement.runs:
        found.setdefault(run.offering.machine, Counter())[run.component] += run.count
    return found
