"""venues.yaml: the venues that are configured on this machine, and where each setting stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import yaml

from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.market import VENDORS
from moot.model.position import Position
from moot.model.value import JSON, is_mapping
from moot.model.venue import Venue
from moot.passes.expand import expand
from moot.passes.state import state

_FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DATE = "tag:yaml.org,2002:timestamp"
BUILT_IN = {
    "laptop": Venue(name="laptop", provider="host", configuration={"local": True}, built_in=True),
    "docker": Venue(name="docker", provider="docker", built_in=True),
}


class _Loader(_FASTEST):
    """Takes days for the texts they are: what is wrong with one is said where it stands."""


class _Dumper(yaml.SafeDumper):
    """Writes such a text as it was read, without quotation marks."""


for _kind in (_Loader, _Dumper):
    _kind.yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in found if tag != _DATE]
        for letter, found in _kind.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class VenuesFile:
    """The file, which need not be there: two venues are built in."""

    path: Path

    def venues(self) -> dict[str, Venue]:
        """The built-in venues and those of venues.yaml, which may say more of the built-in ones.

        An entry with `hosts` is a venue for each of them.  BadInput with what is wrong in any.
        """
        return _sound(self.stated())

    def stated(self) -> dict[str, Venue]:
        """The same, and with them those in whose entry something is `wrong`.

        BadInput where the file cannot be read as one that has entries.
        """
        entries = self._entries()
        renamed = [entry.get("was") for entry in entries.values() if is_mapping(entry)]
        kept = [venue for name, venue in BUILT_IN.items() if name not in (*renamed, *entries)]
        stated = [venue for name, entry in entries.items() for venue in self._made(name, entry)]
        names = {*(venue.name for venue in kept), *entries, *VENDORS}
        return {venue.name: self._reached(venue, names) for venue in (*kept, *stated)}

    def expanded(self, name: str, entry: JSON) -> tuple[Venue, ...]:
        """The venues that an entry of this name stands for; BadInput says what is wrong in it."""
        return tuple(_sound({venue.name: venue for venue in self._made(name, entry)}).values())

    def _made(self, name: str, entry: JSON) -> tuple[Venue, ...]:
        """The venues of an entry, each with what is wrong with it, also in what it shares."""
        place = partial(self.place, str(name))
        if not _is_named({name: entry}) or not _is_named(entry):
            where, odd = place() or Position(str(self.path)), f"; {name!r} is not like that"
            return (Venue(name=str(name), provider="", wrong=(_misshapen(where, odd),)),)
        wrong = (*_unusable(name, entry, place),)
        venue = _venue(name, entry)
        try:
            members = expand(venue, _text, partial(place, "hosts"))
        except BadInput as unmade:
            members, wrong = (venue,), (*wrong, *unmade.diagnostics)
        return tuple(state(replace(member, wrong=wrong), place) for member in members)

    def _reached(self, venue: Venue, names: Set[str]) -> Venue:
        """With what its ways lead to that is no venue: nobody asks how far away that is."""
        wrong = [
            _unreached(venue, name, self.place(venue.entry, *venue.path("latency", name)[1:]))
            for name, _ in venue.latency
            if name.partition("/")[0] not in names
        ]
        return replace(venue, wrong=(*venue.wrong, *wrong)) if wrong else venue

    def place(self, name: str, *path: str | int) -> Position | None:
        """Where what a path leads to stands in an entry of venues.yaml, or else what it is in.

        None where there is no such entry, or not yet.
        """
        try:
            node = _read(self.path.read_text()).root
            for key in ("venues", name):
                node = _inside(node, key)
        except (OSError, ValueError, LookupError, yaml.YAMLError):
            return None
        for key in path:
            try:
                node = _inside(node, key)
            except LookupError:
                break
        return _at(self.path, node.start_mark)

    def names(self) -> tuple[str, ...]:
        """Names of the venues that stand in venues.yaml."""
        return tuple(self._entries())

    def put(self, name: str, entry: Mapping[str, JSON]) -> None:
        """Write or replace one entry of venues.yaml."""
        self._write({**self._entries(), name: dict(entry)})

    def rename(self, old: str, new: str) -> None:
        """Give an entry another name; a built-in venue gets one that says what it `was`."""
        entries = {**self._entries()}
        built_in = BUILT_IN.get(old)
        entry = {**entries.pop(old, {})}
        if new in BUILT_IN and entry.get("was") == new:
            del entry["was"]
        elif built_in:
            entry = {"provider": built_in.provider, **built_in.configuration, **entry, "was": old}
        every = {**entries, new: entry}
        self._write({name: _rerouted(entry, old, new) for name, entry in every.items()})

    def remove(self, name: str) -> None:
        """Drop one entry of venues.yaml."""
        self._write({key: entry for key, entry in self._entries().items() if key != name})

    def _entries(self) -> Mapping[str, JSON]:
        try:
            found = _read(self.path.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise BadInput(_unreadable(self.path, error)) from None
        if found.twice:
            raise BadInput(*(_twice(self.path, *pair) for pair in found.twice))
        content = found.content
        if content in (None, {}, {"venues": None}):
            return {}
        entries: JSON = content.get("venues") if isinstance(content, dict) else None
        if not isinstance(entries, dict):
            raise BadInput(_misshapen(Position(str(self.path))))
        return entries

    def _write(self, entries: Mapping[str, JSON]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(yaml.dump({"venues": dict(entries)}, Dumper=_Dumper, sort_keys=False))
        draft.replace(self.path)


def _sound(venues: dict[str, Venue]) -> dict[str, Venue]:
    """These venues; BadInput with what is wrong with any, once where machines share it."""
    wrong: dict[tuple[Position | None, str], Diagnostic] = {}
    for told in (told for venue in venues.values() for told in venue.wrong):
        wrong.setdefault((told.place, told.detail), told)
    if wrong:
        raise BadInput(*wrong.values())
    return venues


def _is_named(value: JSON) -> TypeGuard[dict[str, JSON]]:
    """Whether it is a mapping of names: what YAML reads as a number is none."""
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _provider(name: str, entry: Mapping[str, JSON]) -> JSON:
    return entry.get("provider") or (BUILT_IN[name].provider if name in BUILT_IN else None)


def _unusable(
    name: str, entry: Mapping[str, JSON], place: Callable[..., Position | None]
) -> Iterator[Diagnostic]:
    """What is wrong in what no machine can have of its own."""
    if not isinstance(_provider(name, entry), str):
        yield _unprovided(name, place("provider"))
    if not name or set(name) & set(":/@"):
        yield _misnamed(name, place())
    if not isinstance(entry.get("was", name), str):
        yield _never_was(name, entry["was"], place("was"))


def _venue(name: str, entry: Mapping[str, JSON]) -> Venue:
    provider = _provider(name, entry)
    built_in = BUILT_IN.get(name)
    same = built_in is not None and built_in.provider == provider and "hosts" not in entry
    defaults = built_in.configuration if built_in and same else {}
    configuration = {**defaults, **{k: v for k, v in entry.items() if k not in {"provider", "was"}}}
    return Venue(
        name=name,
        provider=provider if isinstance(provider, str) else "",
        configuration=configuration,
    )


def _rerouted(settings: JSON, old: str, new: str) -> JSON:
    """An entry, or one of its hosts, whose ways to a venue go by its new name."""
    if not is_mapping(settings):
        return settings
    found = {**settings}
    if is_mapping(latency := settings.get("latency")):
        found["latency"] = {
            f"{new}{slash}{region}" if name == old else f"{name}{slash}{region}": time
            for way, time in latency.items()
            for name, slash, region in [str(way).partition("/")]
        }
    if isinstance(hosts := settings.get("hosts"), list):
        found["hosts"] = [_rerouted(host, old, new) for host in hosts]
    return found


def _text(file: str) -> str:
    """Of a file that an entry names; ValueError where it cannot be read."""
    try:
        return Path(file).expanduser().read_text()
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from None


class _Read(NamedTuple):
    """What the file says, the nodes that know where, and the keys that a mapping has twice."""

    root: Any
    twice: Sequence[tuple[Any, Any]]
    content: JSON


@lru_cache(maxsize=1)
def _read(text: str) -> _Read:
    """Remembered for who asks for many places: it must not be changed."""
    root = yaml.compose(text, Loader=_Loader)
    twice = [*_repeated(root)]  # before keys of other mappings are merged into them
    content: JSON = _Loader("").construct_document(root) if root else None
    return _Read(root, twice, content)


def _repeated(root: Any) -> Iterator[tuple[Any, Any]]:
    """The keys that a mapping has had before, each with the first of its name."""
    todo, seen = [root], set[int]()
    while todo:
        node = todo.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            todo += reversed(node.value)
            continue
        keys: dict[tuple[str, str], Any] = {}
        for key, _ in node.value:
            first = keys.setdefault((key.tag, str(key.value)), key)
            if first is not key:
                yield first, key
        todo += reversed([value for _, value in node.value])


def _inside(node: Any, key: str | int) -> Any:
    """The node of an entry; LookupError where there is none."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
        return node.value[key]
    if not isinstance(node, yaml.MappingNode):
        raise LookupError(key)
    found = {word.value: value for word, value in node.value}
    return found[key]


def _unreached(venue: Venue, name: str, place: Position | None) -> Diagnostic:
    return Diagnostic(
        summary=f"the latency of venue {venue.whose('latency')!r} names {name!r}, which is none",
        detail="it is by the names of entries of venues.yaml, of vendors of the market, or of "
        "regions of them",
        remedy="write `rack: 12 ms`, or `rack/fsn1: 12 ms` for a region of it",
        place=place,
    )


def _unprovided(name: str, place: Position | None) -> Diagnostic:
    return Diagnostic(
        summary=f"venue {name!r} names no provider",
        detail="every entry of venues.yaml says which kind of venue it is",
        remedy="add `provider: host`, `docker` or another",
        place=place,
    )


def _misnamed(name: str, place: Position | None) -> Diagnostic:
    return Diagnostic(
        summary=f"{name!r} cannot be the name of a venue",
        detail="addresses hold it, in which ':', '/' and '@' have a meaning",
        remedy="name it otherwise in venues.yaml",
        place=place,
    )


def _never_was(name: str, was: JSON, place: Position | None) -> Diagnostic:
    return Diagnostic(
        summary=f"venue {name!r} cannot have been {was!r}",
        detail="`was` is the name of a built-in venue that has another name now",
        remedy=f"write one of {', '.join(BUILT_IN)} there, or leave it out",
        place=place,
    )


def _at(file: Path, mark: Any) -> Position:
    return Position(str(file), mark.line + 1, mark.column + 1)


def _unreadable(file: Path, error: Exception) -> Diagnostic:
    mark = getattr(error, "problem_mark", None)
    return Diagnostic(
        summary="venues.yaml cannot be read",
        detail=str(getattr(error, "problem", None) or error),
        remedy="correct the file, or remove it and use `moot venue add`",
        place=_at(file, mark) if mark else Position(str(file)),
    )


def _twice(file: Path, first: Any, again: Any) -> Diagnostic:
    line = first.start_mark.line + 1
    return Diagnostic(
        summary="venues.yaml has a key twice",
        detail=f"{again.value!r} stands in this mapping already, in line {line}",
        remedy="keep one of the two, or give one another name",
        place=_at(file, again.start_mark),
    )


def _misshapen(place: Position, odd: str = "") -> Diagnostic:
    return Diagnostic(
        summary="venues.yaml has the wrong shape",
        detail="it must hold `venues:` with a mapping of names, which are texts, to settings" + odd,
        remedy="for example `venues: {lab: {provider: docker, host: ssh://root@lab}}`",
        place=place,
    )
