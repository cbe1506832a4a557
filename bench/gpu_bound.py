"""What no placement gives out more of than: GPUs by model, parts of them by size, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import gcd

from bench.openb import Trace

ROUNDS = 3_000
Kind = tuple[int, str]  # thousandths of one GPU, and which models will do


def gpu_bound(trace: Trace, placed: int, rounds: int = ROUNDS) -> float:
    """Thousandths.  Each kind has a price; whatever the prices are, no placement is worth more than
    every GPU filled with what is dearest, and all that is asked for less its price.

    This holds for the linear program over all ways to fill a GPU, whose dual it is; the prices are
    improved by subgradients towards what was `placed`, and the least that was found counts.
    """
    asked = Counter[Kind]()
    for _, _, gpus, thousandths, models in trace.shapes:
        asked[thousandths, models] += gpus
    del asked[0, ""]
    there = Counter[str]()
    for node in trace.nodes:
        there[node["model"]] += int(node["gpu"])
    del there[""]
    able = {model: [k for k in asked if not k[1] or model in k[1].split("|")] for model in there}
    least = float(sum(there.values()) * 1000)
    prices = {kind: float(kind[0]) for kind in asked}
    for turn in range(rounds):
        if turn == rounds // 2:
            prices = {kind: float(kind[0]) * _is_scarce(kind, asked, there) for kind in asked}
        value = sum(n * max(0.0, kind[0] - prices[kind]) for kind, n in asked.items())
        slope = {kind: -float(n) if kind[0] > prices[kind] else 0.0 for kind, n in asked.items()}
        for model, count in there.items():
            dearest, filled = _dearest(able[model], prices)
            value += count * dearest
            for kind, times in filled.items():
                slope[kind] += count * times
        least = min(least, value)
        steep = sum(part * part for part in slope.values()) or 1.0
        step = (value - placed) / steep
        prices = {k: min(max(0.0, p - step * slope[k]), float(k[0])) for k, p in prices.items()}
    return least


def _is_scarce(kind: Kind, asked: Mapping[Kind, int], there: Mapping[str, int]) -> bool:
    """Whether more is asked for of the models that will do than there is of them."""
    models = _models(kind, there)
    needed = sum(n * other[0] for other, n in asked.items() if _models(other, there) <= models)
    return needed > 1000 * sum(there.get(model, 0) for model in models)


def _models(kind: Kind, there: Mapping[str, int]) -> set[str]:
    return {*(kind[1].split("|") if kind[1] else there)}


def _dearest(kinds: Sequence[Kind], prices: Mapping[Kind, float]) -> tuple[float, Counter[Kind]]:
    """What fills one GPU at the highest price, any number of each."""
    best: dict[int, Kind] = {}
    for kind in kinds:
        if kind[0] not in best or prices[kind] > prices[best[kind[0]]]:
            best[kind[0]] = kind
    unit = gcd(1000, *best)
    parts = [(size // unit, prices[kind], kind) for size, kind in sorted(best.items())]
    worth, last = [0.0], list[Kind | None]([None])
    for total in range(1, 1000 // unit + 1):
        found, with_it = worth[total - 1], None
        for size, price, kind in parts:
            if size <= total and worth[total - size] + price > found:
                found, with_it = worth[total - size] + price, kind
        worth.append(found)
        last.append(with_it)
    filled, total = Counter[Kind](), 1000 // unit
    while total:
        kind = last[total]
        if kind:
            filled[kind] += 1
        total -= kind[0] // unit if kind else 1
    return worth[-1], filled
