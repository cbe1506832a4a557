"""How much of the GPUs of Alibaba's cluster is given out, and in what time?"""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench import calibration
from bench.figure import Figure
from bench.gpu_bound import gpu_bound
from bench.one_by_one import RATES, one_by_one
from bench.openb import Trace
from moot.passes.apart import apart
from moot.passes.placing.cram import cram
from moot.passes.placing.fit import fit
from moot.passes.placing.stock import demand, stock
from moot.passes.placing.stow import Ask, Bin, worth

LISTS = {"default": False, "gpuspec33": True}
IDLE = {"default": 3.5, "gpuspec33": 6.5}  # % of all GPUs, at most
FGD = {"default": 95.21, "gpuspec33": 86.41}  # as published: USENIX ATC'23
BOUND_S = 3.0
SHORT = 12  # so much smaller is a short run


def measure(short: bool) -> list[Figure]:
    """Of both lists of pods which part of all GPUs stays idle, and the CPU seconds of placing."""
    return [figure for name in LISTS for figure in _measured(name, short)]


def _measured(name: str, short: bool) -> list[Figure]:
    trace = Trace.read(LISTS[name], SHORT if short else 1)
    began = time.process_time()
    asks, bins = crammed(trace)
    cpu_s = time.process_time() - began
    check(trace, asks, bins)
    given, placed = worth(asks, bins)
    most = gpu_bound(trace, given)
    what = f"{placed:,} of {len(trace.shapes):,} pods on {len(trace.nodes):,} nodes of openb"
    said = f"{_percent(given, trace)} % given out, no way gives out more than "
    said += (
        f"{_percent(most, trace)} %; published for FGD, which sees one pod at a time: {FGD[name]} %"
    )
    about = f"GPUs left idle, {name}"
    return [
        Figure(
            name=about,
            value=round(100 - _percent(given, trace), 2),
            unit="% of all GPUs",
            bound=IDLE[name],
            command=f"cram {what}: {said}",
        ),
        Figure(
            name=f"placing the pods of openb, {name}",
            value=round(cpu_s, 2),
            unit="s CPU",
            bound=BOUND_S,
            command=f"cram {what}; the calibration loop took {calibration.loop():.2f} s",
        ),
        *(
            Figure(
                name=f"{about}, by {rule} instead",
                value=round(100 - _percent(one_by_one(trace, rate), trace), 2),
                unit="% of all GPUs",
                command="written for this benchmark: pod after pod as they came",
            )
            for rule, rate in RATES.items()
        ),
    ]


def crammed(trace: Trace) -> tuple[list[Ask], list[Bin]]:
    """From the declaration on, as `place` would begin."""
    app, offered = trace.app(), stock(trace.offerings(), apart(()))
    asks = [
        Ask(demand(c.needs), frozenset(fit(app, c, offered, {}).ways), c.replicas)
        for c in app.components
    ]
    return asks, cram(offered, asks)


def check(trace: Trace, asks: Sequence[Ask], bins: Sequence[Bin]) -> None:
    """That nothing is given twice, by what the trace says and nothing else."""
    shapes = [*dict.fromkeys(trace.shapes)]
    nodes = sorted(trace.nodes, key=lambda node: node["sn"])
    placed = [0] * len(shapes)
    for node, each in zip(nodes, bins, strict=True):
        cpu, memory_mib = int(node["cpu_milli"]), int(node["memory_mib"])
        cards = [1000] * int(node["gpu"])
        for index, hand in each.items:
            millicpu, memory, gpus, thousandths, models = shapes[index]
            assert not models or node["model"] in models.split("|")
            assert len({*hand}) == gpus
            cpu, memory_mib = cpu - millicpu, memory_mib - memory
            placed[index] += 1
            for card in hand:
                cards[card] -= thousandths
        assert min(cpu, memory_mib, *cards) >= 0
    assert all(count <= ask.count for count, ask in zip(placed, asks, strict=True))


def _percent(thousandths: float, trace: Trace) -> float:
    return round(100 * thousandths / trace.capacity, 2)
