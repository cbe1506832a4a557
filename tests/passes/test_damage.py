"""damage: what each loss takes, the worst first."""

from __future__ import annotations

from rehearsing import KEEPS, app, machine, part, stood

from moot.model.rehearsal import key_of
from moot.passes.damage import damage, worst
from moot.passes.strive import strive


def test_the_worst_comes_first_and_what_leaves_nothing_is_passed_over():
    shop = app(part("db", mounts=KEEPS), part("web", 2))
    offers = [machine("h1"), machine("h2")]
    ground, stands, known = stood(shop, offers)
    used = list(known.used({key_of(run.offering) for run in stands.runs}))
    assert [loss.label for loss in used] == ["lab", "lab:h1", "lab:h2"]
    found = damage(ground, stands, used, strive)
    assert [each.loss.label for each in found] == ["lab", "lab:h1", "lab:h2"]
    assert [each.total for each in found] == [True, False, False]
    chosen = worst(found)
    assert chosen is not None and chosen.loss.label == "lab:h1"
    assert worst(found[:1]) == found[0]
    assert worst(()) is None
