"""What moot keeps on this machine: its folder, its identity, its key, and the list of venues."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeGuard, cast

import yaml

from moot.model.availability import Sla
from moot.model.diagnostic import BadInput, Diagnostic, Failure, Position
from moot.model.value import JSON
from moot.model.venue import Venue
from moot.passes.expand import expand

KEY_BYTES = 32
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BUILT_IN = {
    "laptop": Venue(name="laptop", provider="host", configuration={"local": True}),
    "docker": Venue(name="docker", provider="docker"),
}


@dataclass(frozen=True, slots=True)
class Home:
    """The folder MOOT_HOME and the file MOOT_VENUES, or their XDG defaults.

    `store` is where the record is: a path, or a postgresql:// URL.  `key_file` is where the key
    is, if not in the folder.
    """

    folder: Path
    venues_file: Path
    store: str
    key_file: Path | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Home:
        """Where the environment says they are.  Makes the folder; Failure where it cannot."""
        user = Path(environ.get("HOME") or Path.home())
        data = Path(environ.get("XDG_DATA_HOME") or user / ".local" / "share")
        config = Path(environ.get("XDG_CONFIG_HOME") or user / ".config")
        folder = Path(environ.get("MOOT_HOME") or data / "moot").absolute()
        venues = Path(environ.get("MOOT_VENUES") or config / "moot" / "venues.yaml").absolute()
        store = environ.get("MOOT_STORE") or str(folder / "moot.db")
        if not store.startswith(("postgresql://", "postgres://")):
            store = str(Path(store).absolute())
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Failure(_unusable(folder, error)) from None
        key = environ.get("MOOT_KEY_FILE")
        return cls(folder, venues, store, Path(key).absolute() if key else folder / "key")

    def installation(self) -> str:
        """Whose things ours are: made once, and kept beside the database."""
        return _once(self.folder / "installation", secrets.token_hex(16)).decode().strip()

    def put_installation(self, installation: str) -> None:
        """Write another id in the place of the one that was lost."""
        path = self.folder / "installation"
        _draft(path, installation).replace(path)

    def key(self) -> bytes:
        """The key of all that is digested or encrypted, made where there is none.

        It is of no use to anyone without the database, nor the other way.
        """
        path = self.key_file or self.folder / "key"
        try:
            key = bytes.fromhex(_once(path, secrets.token_hex(KEY_BYTES)).decode().strip())
        except OSError as error:
            raise Failure(_no_key(path, error.strerror or str(error))) from None
        except ValueError:
            raise Failure(_no_key(path, "what is in it is no key")) from None
        if len(key) < KEY_BYTES:
            raise Failure(_no_key(path, f"a key has {KEY_BYTES} bytes, this one {len(key)}"))
        return key

    def venues(self) -> dict[str, Venue]:
        """The built-in venues and those of venues.yaml, which may say more of the built-in ones.

        An entry with `hosts` is a venue for each of them.  BadInput with what is wrong in any.
        """
        stated: dict[str, tuple[Venue, ...]] = {}
        problems: list[Diagnostic] = []
        entries = self._entries()
        for name, entry in entries.items():
            try:
                stated[name] = self.expanded(name, entry)
            except BadInput as wrong:
                problems += wrong.diagnostics
        if problems:
            raise BadInput(*problems)
        renamed = [entry.get("was") for entry in entries.values()]
        built_in = {name: venue for name, venue in BUILT_IN.items() if name not in renamed}
        kept = {name: (venue,) for name, venue in built_in.items() if name not in stated}
        return {v.name: v for venues in (*kept.values(), *stated.values()) for v in venues}

    def expanded(self, name: str, entry: JSON) -> tuple[Venue, ...]:
        """The venues that an entry of this name stands for; BadInput says what is wrong in it."""
        place = partial(self.place, str(name))
        if not _is_named({name: entry}) or not _is_named(entry):
            odd = f"; {name!r} is not like that"
            raise BadInput(_misshapen(place() or Position(str(self.venues_file)), odd))
        members = expand(_venue(name, entry, place), _text, partial(place, "hosts"))
        stated: list[Venue] = []
        wrong: dict[Position | None, Diagnostic] = {}
        for member in members:
            try:
                stated.append(_stated(member))
            except ValueError as error:
                told = _unstatable(member.whose("sla"), str(error))
                wrong.setdefault(place(*member.path("sla")[1:]), told)
        if wrong:
            raise BadInput(*(replace(told, place=where) for where, told in wrong.items()))
        return tuple(stated)

    def place(self, name: str, *path: str | int) -> Position | None:
        """Where what a path leads to stands in an entry of venues.yaml, or else what it is in.

        None where there is no such entry, or not yet.
        """
        try:
            node = _composed(self.venues_file.read_text())
            for key in ("venues", name):
                node = _inside(node, key)
        except (OSError, ValueError, LookupError, yaml.YAMLError):
            return None
        for key in path:
            try:
                node = _inside(node, key)
            except LookupError:
                break
        return _at(self.venues_file, node.start_mark)

    def written(self) -> tuple[str, ...]:
        """Names of the venues that stand in venues.yaml."""
        return tuple(self._entries())

    def put_venue(self, name: str, entry: Mapping[str, JSON]) -> None:
        """Write or replace one entry of venues.yaml."""
        self._write({**self._entries(), name: dict(entry)})

    def rename_venue(self, old: str, new: str) -> None:
        """Give an entry another name; a built-in venue gets one that says what it `was`."""
        entries = self._entries()
        built_in = BUILT_IN.get(old)
        entry = entries.pop(old, {})
        if new in BUILT_IN and entry.get("was") == new:
            del entry["was"]
        elif built_in:
            entry = {"provider": built_in.provider, **built_in.configuration, **entry, "was": old}
        self._write({**entries, new: entry})

    def remove_venue(self, name: str) -> None:
        """Drop one entry of venues.yaml."""
        self._write({key: entry for key, entry in self._entries().items() if key != name})

    def _entries(self) -> dict[str, JSON]:
        file = self.venues_file
        if not file.exists():
            return {}
        try:
            text = file.read_text()
            twice = [_twice(file, *pair) for pair in _repeated(_composed(text))]
            content: JSON = yaml.load(text, Loader=_LOADER)  # noqa: S506 - it is a safe loader
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise BadInput(_unreadable(file, error)) from None
        if twice:
            raise BadInput(*twice)
        if content in (None, {}, {"venues": None}):
            return {}
        entries: JSON = content.get("venues") if isinstance(content, dict) else None
        if not isinstance(entries, dict):
            raise BadInput(_misshapen(Position(str(file))))
        return cast("dict[str, JSON]", entries)

    def _write(self, entries: Mapping[str, JSON]) -> None:
        self.venues_file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.venues_file.with_suffix(".new")
        draft.write_text(yaml.safe_dump({"venues": dict(entries)}, sort_keys=False))
        draft.replace(self.venues_file)


def _once(path: Path, content: str) -> bytes:
    """A file that is made when it is first asked for, also when two ask at once."""
    if not path.exists():
        draft = _draft(path, content)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def _draft(path: Path, content: str) -> Path:
    """The content on disk, readable by its owner only, not yet under its name."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft


def _is_named(value: JSON) -> TypeGuard[dict[str, JSON]]:
    """Whether it is a mapping of names: what YAML reads as a number is none."""
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _venue(name: str, entry: Mapping[str, JSON], place: Callable[..., Position | None]) -> Venue:
    provider = entry.get("provider") or (BUILT_IN[name].provider if name in BUILT_IN else None)
    problems: list[Diagnostic] = []
    if not isinstance(provider, str):
        problems.append(_unprovided(name, place("provider")))
    if not name or set(name) & set(":/@"):
        problems.append(_misnamed(name, place()))
    if not isinstance(entry.get("was", name), str):
        problems.append(_never_was(name, entry["was"], place("was")))
    if problems:
        raise BadInput(*problems)
    built_in = BUILT_IN.get(name)
    same = built_in is not None and built_in.provider == provider and "hosts" not in entry
    defaults = built_in.configuration if built_in and same else {}
    configuration = {**defaults, **{k: v for k, v in entry.items() if k not in {"provider", "was"}}}
    return Venue(name=name, provider=str(provider), configuration=configuration)


def _stated(venue: Venue) -> Venue:
    """With its `sla` taken out of the provider's settings; ValueError says what is wrong in it."""
    settings = dict(venue.configuration)
    if "sla" not in settings:
        return venue
    sla = Sla.of(settings.pop("sla"))
    return replace(venue, configuration=settings, sla=sla)


def _text(file: str) -> str:
    """Of a file that an entry names; ValueError where it cannot be read."""
    try:
        return Path(file).expanduser().read_text()
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from None


@lru_cache(maxsize=1)
def _composed(text: str) -> Any:
    """The nodes of venues.yaml, which know their places; remembered for who asks for many."""
    return yaml.compose(text, Loader=_LOADER)


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


def _unstatable(name: str, detail: str) -> Diagnostic:
    return Diagnostic(
        summary=f"the sla of venue {name!r} cannot be used",
        detail=detail,
        remedy="write `sla: 99.9%`, or `sla: {region: 99.99%, zone: 99.9%, host: 99.5%}`",
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


def _unusable(folder: Path, error: OSError) -> Diagnostic:
    return Diagnostic(
        summary="the folder that moot keeps its memory in cannot be made",
        detail=f"{folder}: {error.strerror}",
        remedy="set MOOT_HOME to a folder that you can write to",
    )


def _no_key(path: Path, reason: str) -> Diagnostic:
    return Diagnostic(
        summary="the key of this installation cannot be read",
        detail=f"{path}: {reason}",
        remedy="put it back; MOOT_KEY_FILE says where it is, if not in MOOT_HOME",
    )
