"""What this machine lacks, and the command that mends it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from moot.engine.venues import Venues
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.report import Check
from moot.provider import Checks, Provider, ProviderError


def examine(venues: Venues) -> Iterator[Check]:
    """A check per thing that moot needs; only what every venue needs is `required`."""
    yield Check(
        name="python",
        ok=sys.version_info >= (3, 11),
        detail=sys.version.split()[0],
        remedy="install Python 3.11 or newer",
        required=True,
    )
    yield Check(name="home", ok=True, detail=str(venues.env.home), required=True)
    for name in venues.configured:
        yield from _venue(name, venues)


def _venue(name: str, venues: Venues) -> Iterator[Check]:
    title = f"venue {name}"
    try:
        problems = venues.call(name, "checks", _problems)
    except ProviderError as error:
        yield Check(name=title, ok=False, detail=error.message, remedy=error.remedy)
        return
    except BadInput as bad:
        first = bad.diagnostics[0]
        yield Check(name=title, ok=False, detail=first.summary, remedy=first.remedy)
        return
    for problem in problems:
        detail = ": ".join(part for part in (problem.summary, problem.detail) if part)
        ok = problem.severity == "warning"
        yield Check(name=title, ok=ok, detail=detail, remedy=problem.remedy)
    if not problems:
        yield Check(name=title, ok=True, detail=venues.configured[name].provider)


def _problems(provider: Provider) -> Sequence[Diagnostic]:
    return provider.checks() if isinstance(provider, Checks) else ()
