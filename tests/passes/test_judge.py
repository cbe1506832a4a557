"""judge: every rule sees every subject, planned or found."""

from __future__ import annotations

from moot.model.finding import Finding
from moot.model.resource import ConfigurationItem, Resource
from moot.passes.judge import judge

PLANNED = Resource(address="shop@v/a", type="t", venue="v")
FOUND = ConfigurationItem(type="t", venue="v", identifier="x", address="shop@v/b")


def rule(name, *breached):
    def judged(subject):
        if subject.address in breached:
            yield Finding(rule=name, address=subject.address, problem="p", remedy="r")

    return judged


def test_every_rule_is_asked_about_every_subject_in_order():
    rules = iter([rule("one", "shop@v/a", "shop@v/b"), rule("two", "shop@v/a")])
    found = judge([PLANNED, FOUND], rules)
    assert [(f.rule, f.address) for f in found] == [
        ("one", "shop@v/a"),
        ("two", "shop@v/a"),
        ("one", "shop@v/b"),
    ]


def test_what_breaks_no_rule_has_no_findings():
    assert judge([PLANNED, FOUND], [rule("one")]) == ()
    assert judge([], [rule("one", "shop@v/a")]) == ()
