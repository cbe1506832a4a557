"""App -> who weights with whom, each with its share of all the traffic that is stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moot.model.app import App
from moot.passes.egress import talk

Weights = Mapping[str, Sequence[tuple[str, float]]]  # by component: another one, and the share


def weights(app: App) -> Weights:
    """By name, so that the order of the file does not matter; what has no replicas is silent."""
    present = {component.name for component in app.components if component.replicas}
    stated = [t for t in talk(app) if t.gb_hourly and {t.one, t.other} <= present]
    total = sum(t.gb_hourly for t in stated)
    found: dict[str, list[tuple[str, float]]] = {}
    for each in stated:
        weight = float(each.gb_hourly / total)
        found.setdefault(each.one, []).append((each.other, weight))
        found.setdefault(each.other, []).append((each.one, weight))
    return {name: sorted(found[name]) for name in sorted(found)}
