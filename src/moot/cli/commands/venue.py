"""The venue commands: add, list, check, rename, remove."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from moot.cli.output import Output, clean
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.report import VenueStatus
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call


def add(call: Call, out: Output) -> int:
    """Write a venue into venues.yaml."""
    name, provider, *words = call.invocation.arguments
    venue = call.moot.venue_add(name, provider, settings(words))
    if out.json_wanted:
        out.answer({"venues": [venue_json(venue)]})
    else:
        out.line(f"added {venue.name} ({venue.provider})")
        out.warn(venue.problems)
        out.message(f"moot venue check {venue.name} says whether it works")
    return 0


def list_all(call: Call, out: Output) -> int:
    """Print the venues."""
    venues = call.moot.venue_list()
    if out.json_wanted:
        out.answer({"venues": [venue_json(venue) for venue in venues]})
        return 0
    out.table(
        ("NAME", "PROVIDER", "IDENTITY", "PROBLEM"),
        (
            (
                v.name,
                v.provider,
                v.identity,
                "; ".join(dict.fromkeys(p.summary for p in v.problems)),
            )
            for v in venues
        ),
    )
    out.warn(problem for venue in venues for problem in venue.problems)
    return 0


def check(call: Call, out: Output) -> int:
    """Ask venues; 1 where one does not work."""
    venues = call.moot.venue_check(call.invocation.arguments)
    problems = [problem for venue in venues for problem in venue.problems]
    failed = any(problem.severity == "error" for problem in problems)
    if out.json_wanted:
        out.answer({"venues": [venue_json(venue) for venue in venues]})
        return int(failed)
    for venue in venues:
        _show_checked(venue, out)
    return int(failed)


def rename(call: Call, out: Output) -> int:
    """Give a venue another name."""
    old, new = call.invocation.arguments
    call.moot.venue_rename(old, new)
    _done(out, new, f"{old} is now {new}")
    return 0


def remove(call: Call, out: Output) -> int:
    """Take a venue out of venues.yaml."""
    name = call.invocation.arguments[0]
    call.moot.venue_remove(name)
    _done(out, name, f"removed {name}")
    return 0


def settings(words: Iterable[str]) -> dict[str, JSON]:
    """KEY=VALUE words as a mapping; a dotted key makes a nested one.  Raises BadInput."""
    found: dict[str, JSON] = {}
    for word in words:
        key, equals, text = word.partition("=")
        path = key.split(".")
        if not equals or not all(path):
            raise BadInput(_misread(word, "a setting is written KEY=VALUE, or KEY.PART=VALUE"))
        _set(found, path, _value(word, text), word)
    return found


def venue_json(venue: VenueStatus) -> JSON:
    """An entry of `venues`."""
    return {
        "name": venue.name,
        "provider": venue.provider,
        "identity": venue.identity,
        "problems": [problem.as_json() for problem in venue.problems],
        "offerings": list(venue.offerings),
        "quota": venue.quota or None,
    }


def _set(found: dict[str, JSON], path: Sequence[str], value: JSON, word: str) -> None:
    inner = found
    for part in path[:-1]:
        inner = inner.setdefault(part, {})
        if not isinstance(inner, dict):
            raise BadInput(_misread(word, f"{part} has been given a value of its own before"))
    if path[-1] in inner:
        raise BadInput(_misread(word, f"{'.'.join(path)} is given twice"))
    inner[path[-1]] = value


def _value(word: str, text: str) -> JSON:
    """A list or mapping as YAML reads it; a plain word by YAML 1.2, where `no` is a word."""
    import yaml

    from moot.passes.compose.scalar import resolved

    if text[:1] not in ("[", "{", '"', "'"):
        return resolved(text)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise BadInput(_misread(word, f"the value cannot be read: {problem}")) from None


def _misread(word: str, detail: str) -> Diagnostic:
    return Diagnostic(
        summary=f"cannot use the setting {word}",
        detail=detail,
        remedy="for example: moot venue add lab host 'hosts=[10.0.0.4]' user=root",
    )


def _show_checked(venue: VenueStatus, out: Output) -> None:
    works = not any(problem.severity == "error" for problem in venue.problems)
    verdict = out.style("ok", "green") if works else out.style("does not work", "red")
    identity = f"  {clean(venue.identity)}" if venue.identity else ""
    out.line(f"{venue.name} ({venue.provider}): {verdict}{identity}")
    for offering in venue.offerings:
        out.line(f"  offers {clean(offering)}")
    if venue.quota:
        out.line(f"  {clean(venue.quota)}")
    for problem in venue.problems:
        out.line(f"  {clean(problem.summary)}")
        for line in (*problem.detail.splitlines(), *problem.remedy.splitlines()):
            out.line(f"    {clean(line)}")


def _done(out: Output, name: str, text: str) -> None:
    if out.json_wanted:
        out.answer({"venues": [{"name": name}]})
    else:
        out.line(text)
