"""The command that puts a provider to the test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from moot.cli.output import Output, clean
from moot.home import Home
from moot.model.diagnostic import BadInput, Diagnostic, Failure
from moot.model.value import JSON
from moot.provider import Env
from moot.testing import conformance
from moot.testing.trial import Trial, Unready, registered

if TYPE_CHECKING:
    from moot.cli.call import Call

COLOURS = {"holds": "green", "broken": "red", "silent": "dim"}


def test(call: Call, out: Output) -> int:
    """Every check over every type, and what it comes to; 1 unless the provider is crash-safe."""
    kind = call.invocation.arguments[0]
    found: list[conformance.Result] = []
    with _staged(kind, call) as trial:
        types = _chosen(call.invocation.values("type"), trial)
        classes = list(conformance.classes(trial, types))
        for observed in classes:
            if not out.json_wanted:
                out.line(_class_line(observed))
        for result in conformance.results(trial, types):
            found.append(result)
            if not out.json_wanted:
                _show(result, out)
    verdict = conformance.verdict(found, classes)
    if out.json_wanted:
        answer: dict[str, JSON] = {
            "types": [asdict(observed) for observed in classes],
            "checks": [asdict(result) for result in found],
            "verdict": verdict,
        }
        out.answer(answer)
    else:
        broken = sum(result.outcome == "broken" for result in found)
        out.line(f"{len(found)} checks, {broken} broken: {kind} {_said(verdict)}")
    return int(verdict != "crash-safe")


@contextmanager
def _staged(kind: str, call: Call) -> Generator[Trial]:
    """The trial of a provider, in a home of its own, with what it needs in place."""
    makers = registered()
    if kind not in makers:
        raise BadInput(_no_trial(kind, makers))
    venue, configuration = _venue(kind, call)
    with tempfile.TemporaryDirectory(prefix="moot-trial-") as home:
        env = Env(home=Path(home), environ=dict(call.environ) or dict(os.environ))
        trial = makers[kind]()(venue, configuration, env)
        try:
            with trial.stage():
                yield trial
        except Unready as reason:
            raise Failure(_unready(kind, reason)) from reason


def _venue(kind: str, call: Call) -> tuple[str, Mapping[str, JSON]]:
    """Where to try it: the venue that is named, else one that has no settings."""
    names = call.invocation.values("venue")
    if not names:
        return "trial", {}
    configured = Home.of(call.environ).venues_file.venues()
    venue = configured.get(names[0])
    if venue is None or venue.provider != kind:
        raise BadInput(
            _no_venue(names[0], kind, [v for v, c in configured.items() if c.provider == kind])
        )
    return venue.name, venue.configuration


def _chosen(types: Sequence[str], trial: Trial) -> Sequence[str]:
    known = trial.types()
    if unknown := [type for type in types if type not in known]:
        raise BadInput(
            Diagnostic(
                summary=f"the trial has no {unknown[0]}",
                detail=f"it has {', '.join(known)}",
                remedy="name one of these with --type, or none for all",
            )
        )
    return types or known


def _class_line(found: conformance.Class) -> str:
    observed = found.observed or "could not be made out"
    as_declared = "as observed too" if found.observed == found.declared else f"observed: {observed}"
    return clean(f"{found.type}: declared {found.declared}, {as_declared}")


def _show(result: conformance.Result, out: Output) -> None:
    outcome = out.style(result.outcome.ljust(6), COLOURS[result.outcome])
    name = result.check.replace("_", " ")
    out.line(f"{outcome}  {result.group.ljust(8)}  {clean(result.type)}  {name}")
    if result.outcome == "broken":
        out.line(f"        {clean(result.problem)}")


def _said(verdict: conformance.Verdict) -> str:
    return verdict if verdict == "breaks the contract" else f"is {verdict}"


def _no_trial(kind: str, makers: Iterable[str]) -> Diagnostic:
    return Diagnostic(
        summary=f"there is no trial for a provider {kind!r}",
        detail=f"there are trials for {', '.join(sorted(makers))}",
        remedy="its package names one under the entry point group moot.trials",
    )


def _no_venue(name: str, kind: str, known: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        summary=f"{name!r} is not a venue of the provider {kind}",
        detail=f"its venues are {', '.join(known)}" if known else "it has no venue here",
        remedy="name one of these with --venue, or none",
    )


def _unready(kind: str, reason: Unready) -> Diagnostic:
    return Diagnostic(
        summary=f"{kind} cannot be tried on this machine",
        detail=str(reason),
        remedy="provide what is missing, then run the same command again",
    )
