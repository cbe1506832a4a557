"""What this machine lacks, and the command that mends it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from moot.engine.ask import Question, ask
from moot.engine.slots import Slots
from moot.engine.venues import FACTS, Venues
from moot.model.diagnostic import Diagnostic
from moot.model.report import Check
from moot.provider import Checks, Provider, ProviderError


def examine(venues: Venues, slots: Slots) -> Iterator[Check]:
    """A check per thing that moot needs; only what every venue needs is `required`.

    Venues are asked all at once.
    """
    yield Check(
        name="python",
        ok=sys.version_info >= (3, 11),
        detail=sys.version.split()[0],
        remedy="install Python 3.11 or newer",
        required=True,
    )
    yield Check(name="home", ok=True, detail=str(venues.env.home), required=True)
    questions = {name: Question(name, FACTS, "checks", _problems) for name in venues.configured}
    answers = ask(questions, venues, slots)
    for name, venue in venues.configured.items():
        yield from _venue(f"venue {name}", venue.provider, answers[name])


def _venue(
    title: str, kind: str, problems: Sequence[Diagnostic] | ProviderError
) -> Iterator[Check]:
    if isinstance(problems, ProviderError):
        yield Check(name=title, ok=False, detail=problems.message, remedy=problems.remedy)
        return
    for problem in problems:
        detail = ": ".join(part for part in (problem.summary, problem.detail) if part)
        ok = problem.severity == "warning"
        yield Check(name=title, ok=ok, detail=detail, remedy=problem.remedy)
    if not problems:
        yield Check(name=title, ok=True, detail=kind)


def _problems(provider: Provider) -> Sequence[Diagnostic]:
    return provider.checks() if isinstance(provider, Checks) else ()
