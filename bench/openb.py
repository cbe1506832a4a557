"""The trace of Alibaba's GPU cluster as an App and the machines it may run on."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from moot.model.app import App, Component, Needs, Process
from moot.model.venue import Offering

DATA = Path(__file__).with_name("data")
RUNS = "runs:process"

Shape = tuple[int, int, int, int, str]  # millicpu, MiB, GPUs, thousandths of each, models


@dataclass(frozen=True, slots=True)
class Trace:
    """`shapes` are the pods in the order in which they came."""

    nodes: Sequence[Mapping[str, str]]
    shapes: Sequence[Shape]

    @classmethod
    def read(cls, with_models: bool, part: int = 1) -> Trace:
        """The list in which a third of the pods names models of GPUs, or that without; of all nodes
        and pods one of so many.
        """
        shapes = [_shape(pod, with_models) for pod in _rows("pods")]
        return cls([*_rows("nodes")][::part], shapes[::part])

    @property
    def capacity(self) -> int:
        """Thousandths of all GPUs."""
        return 1000 * sum(int(node["gpu"]) for node in self.nodes)

    def offerings(self) -> list[Offering]:
        """A pool; what may be one of several models is a trait of each machine with any of them."""
        asked = sorted({shape[4] for shape in self.shapes if shape[4]})
        return [
            Offering(
                venue=f"openb:{node['sn']}",
                name="machine",
                cpu=int(node["cpu_milli"]) / 1000,
                memory_mib=int(node["memory_mib"]),
                gpus=int(node["gpu"]),
                traits=frozenset({RUNS, *(a for a in asked if node["model"] in a.split("|"))}),
                pool="openb",
            )
            for node in self.nodes
        ]

    def app(self) -> App:
        """Pods that are alike are replicas of one component."""
        counts = Counter(self.shapes)
        parts = (_component(f"c{n}", shape, counts[shape]) for n, shape in enumerate(counts))
        return App(name="openb", components=tuple(parts))


def _shape(pod: Mapping[str, str], with_models: bool) -> Shape:
    sizes = int(pod["cpu_milli"]), int(pod["memory_mib"])
    return *sizes, int(pod["num_gpu"]), int(pod["gpu_milli"]), pod["gpu_spec"] * with_models


def _component(name: str, shape: Shape, count: int) -> Component:
    millicpu, memory_mib, gpus, thousandths, models = shape
    needs = Needs(
        cpu=millicpu / 1000,
        memory_mib=memory_mib,
        gpus=gpus if thousandths == 1000 else gpus * thousandths / 1000,
        traits=frozenset({models} if models else ()),
    )
    return Component(name=name, replicas=count, process=Process(command=("x",)), needs=needs)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(DATA / f"openb_{name}.csv.gz", "rt", newline="") as file:
        yield from csv.DictReader(file)
