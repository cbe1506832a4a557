"""What moot keeps on this machine: its folder, its identity, its key, and the list of venues."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard, cast

import yaml

from moot.model.availability import Sla
from moot.model.diagnostic import BadInput, Diagnostic, Failure, Position
from moot.model.value import JSON
from moot.model.venue import Venue
from moot.passes.expand import expand

KEY_BYTES = 32
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

        An entry with `hosts` is a venue for each of them.
        """
        entries = self._entries()
        renamed = [entry.get("was") for entry in entries.values()]
        built_in = {name: venue for name, venue in BUILT_IN.items() if name not in renamed}
        stated = {name: self.expanded(name, entry) for name, entry in entries.items()}
        kept = {name: (venue,) for name, venue in built_in.items() if name not in stated}
        return {v.name: v for venues in (*kept.values(), *stated.values()) for v in venues}

    def expanded(self, name: str, entry: Mapping[str, JSON]) -> tuple[Venue, ...]:
        """The venues that an entry of this name stands for; BadInput says what is wrong in it."""
        venue = _venue(name, entry)
        members = expand(venue, _text, lambda index: self.place(name, "hosts", index))
        return tuple(_stated(member, self.venues_file) for member in members)

    def place(self, name: str, *path: str | int) -> Position | None:
        """Where what a path leads to stands in an entry of venues.yaml, or else what it is in.

        None where there is no such entry, or not yet.
        """
        try:
            node: Any = yaml.compose(self.venues_file.read_text())
            for key in ("venues", name):
                node = _inside(node, key)
        except (OSError, ValueError, LookupError, yaml.YAMLError):
            return None
        for key in path:
            try:
                node = _inside(node, key)
            except LookupError:
                break
        return Position(str(self.venues_file), node.start_mark.line + 1, node.start_mark.column + 1)

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

    def _entries(self) -> dict[str, dict[str, JSON]]:
        file = self.venues_file
        if not file.exists():
            return {}
        try:
            content: JSON = yaml.safe_load(file.read_text())
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise BadInput(_unreadable(file, error)) from None
        entries: JSON = content.get("venues") if isinstance(content, dict) else None
        if content is None or (entries is None and content == {}):
            return {}
        if not _is_named(entries) or not all(map(_is_named, entries.values())):
            raise BadInput(_misshapen(file, entries))
        return cast("dict[str, dict[str, JSON]]", entries)

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


def _venue(name: str, entry: Mapping[str, JSON]) -> Venue:
    provider = entry.get("provider") or (BUILT_IN[name].provider if name in BUILT_IN else None)
    if not isinstance(provider, str):
        raise BadInput(
            Diagnostic(
                summary=f"venue {name!r} names no provider",
                detail="every entry of venues.yaml says which kind of venue it is",
                remedy="add `provider: host`, `docker` or another",
            )
        )
    if not name or set(name) & set(":/@"):
        raise BadInput(_misnamed(name))
    if not isinstance(entry.get("was", name), str):
        raise BadInput(_never_was(name, entry["was"]))
    built_in = BUILT_IN.get(name)
    same = built_in is not None and built_in.provider == provider and "hosts" not in entry
    defaults = built_in.configuration if built_in and same else {}
    configuration = {**defaults, **{k: v for k, v in entry.items() if k not in {"provider", "was"}}}
    return Venue(name=name, provider=provider, configuration=configuration)


def _stated(venue: Venue, file: Path) -> Venue:
    """With its `sla` taken out of the provider's settings; BadInput says what is wrong with it."""
    settings = dict(venue.configuration)
    if "sla" not in settings:
        return venue
    try:
        sla = Sla.of(settings.pop("sla"))
    except ValueError as error:
        raise BadInput(_unstatable(venue.name, str(error), file)) from None
    return replace(venue, configuration=settings, sla=sla)


def _text(file: str) -> str:
    """Of a file that an entry names; ValueError where it cannot be read."""
    try:
        return Path(file).expanduser().read_text()
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from None


def _inside(node: Any, key: str | int) -> Any:
    """The node of an entry; LookupError where there is none."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
        return node.value[key]
    if not isinstance(node, yaml.MappingNode):
        raise LookupError(key)
    found = {word.value: value for word, value in node.value}
    return found[key]


def _unstatable(name: str, detail: str, file: Path) -> Diagnostic:
    return Diagnostic(
        summary=f"the sla of venue {name!r} cannot be used",
        detail=detail,
        remedy="write `sla: 99.9%`, or `sla: {region: 99.99%, zone: 99.9%, host: 99.5%}`",
        place=Position(str(file)),
    )


def _misnamed(name: str) -> Diagnostic:
    return Diagnostic(
        summary=f"{name!r} cannot be the name of a venue",
        detail="addresses hold it, in which ':', '/' and '@' have a meaning",
        remedy="name it otherwise in venues.yaml",
    )


def _never_was(name: str, was: JSON) -> Diagnostic:
    return Diagnostic(
        summary=f"venue {name!r} cannot have been {was!r}",
        detail="`was` is the name of a built-in venue that has another name now",
        remedy=f"write one of {', '.join(BUILT_IN)} there, or leave it out",
    )


def _unreadable(file: Path, error: Exception) -> Diagnostic:
    mark = getattr(error, "problem_mark", None)
    return Diagnostic(
        summary="venues.yaml cannot be read",
        detail=str(getattr(error, "problem", None) or error),
        remedy="correct the file, or remove it and use `moot venue add`",
        place=Position(str(file), mark.line + 1, mark.column + 1) if mark else Position(str(file)),
    )


def _misshapen(file: Path, entries: JSON) -> Diagnostic:
    named = entries.items() if isinstance(entries, dict) else ()
    odd = [f"; {name!r} is not like that" for name, entry in named if not _is_named(entry)]
    return Diagnostic(
        summary="venues.yaml has the wrong shape",
        detail="it must hold `venues:` with a mapping of names, which are texts, to settings"
        + "".join(odd[:1]),
        remedy="for example `venues: {lab: {provider: docker, host: ssh://root@lab}}`",
        place=Position(str(file)),
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
