"""Subjects x Rules -> Findings: the same rules judge a plan before and the inventory after."""

from __future__ import annotations

from collections.abc import Iterable

from moot.model.finding import Finding, Rule, Subject


def judge(subjects: Iterable[Subject], rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Every breach of every rule, subject by subject."""
    rules = tuple(rules)
    return tuple(finding for subject in subjects for rule in rules for finding in rule(subject))
