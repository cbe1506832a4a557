"""Turns compose files into an App, or says which paths it still needs, or what is wrong."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from moot.model.app import App
from moot.model.diagnostic import Diagnostic
from moot.model.position import Position
from moot.model.value import JSON, Secret
from moot.passes.compose.assemble import Assembly
from moot.passes.compose.canonical import canonical
from moot.passes.compose.check import check
from moot.passes.compose.content import Contents
from moot.passes.compose.declare import declared
from moot.passes.compose.files import Files
from moot.passes.compose.node import Node
from moot.passes.compose.reports import Reports
from moot.passes.compose.secrets import Secrets
from moot.passes.compose.settle import Settling, settled
from moot.passes.compose.sources import (
    MAX_FILE_BYTES,
    Content,
    Executable,
    Folder,
    KeyringEntry,
    Origin,
    Program,
    Reading,
    Sources,
    Unreadable,
)

__all__ = [
    "MAX_FILE_BYTES",
    "Content",
    "Executable",
    "Folder",
    "KeyringEntry",
    "Origin",
    "Parsed",
    "Program",
    "Sources",
    "Unreadable",
    "parse",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_NAME_RULE = "lower-case letters, digits, '-' and '_', beginning with a letter or digit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What came out: paths that are still needed, and nothing else, or all the rest.

    `app` is there exactly when `needs` is empty and no diagnostic is an error.

    `asks` says whose answers are still missing.  The App is whole but for the versions of the
    secrets that come from there, which are empty: it can be looked at, not carried out.

    `secrets` are values: they stay in memory and are handed to nobody but the secret store.
    `origins` says where each comes from, in words.
    """

    app: App | None = None
    needs: tuple[str, ...] = ()
    asks: tuple[Origin, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    model: Node | None = field(default=None, repr=False, compare=False)
    secrets: Mapping[Secret, bytes] = field(default_factory=dict[Secret, bytes], repr=False)
    origins: Mapping[Secret, str] = field(default_factory=dict[Secret, str])

    @property
    def canonical(self) -> JSON:
        """The settled `model` as `docker compose config` prints it."""
        return canonical(self.model) if self.model else {}


def parse(sources: Sources, environ: Mapping[str, str], digest: Callable[[bytes], str]) -> Parsed:
    """The App that `sources` declare.

    Touches no file: while it lacks the content of a path it names it in `needs`, to be called
    again with more in `sources.contents`.  `digest` must be keyed: its result becomes the public
    version of a secret.  Never raises for bad input.
    """
    reading, reports = Reading(sources.contents, sources.answers), Reports()
    assembly = Assembly(reading, reports)
    known = _environment(sources, environ, assembly)
    name = _name(sources, known, assembly)
    known["COMPOSE_PROJECT_NAME"] = name
    merged = assembly.model(sources.files, sources.folder, known)
    if merged is None:
        return Parsed(needs=reading.needs, diagnostics=() if reading.needs else reports.all())
    profiles = sources.profiles | {p for p in known.get("COMPOSE_PROFILES", "").split(",") if p}
    model = settled(merged, Settling(name, frozenset(profiles), known, reading, reports))
    contents = Contents(reading, reports, known)
    secrets = Secrets(contents, sources.folder, digest, model.get("secrets"))
    files = Files(reading, contents, sources.folder, secrets)
    app = declared(model, files, reports)
    if reading.needs:  # what looks wrong now may come from what is not read yet
        return Parsed(needs=reading.needs)
    check(model, reports)
    return Parsed(
        app=None if reports.failed else app,
        asks=() if reports.failed else reading.asks,
        diagnostics=reports.all(),
        model=model,
        secrets={} if reports.failed else secrets.contents,
        origins={} if reports.failed else secrets.origins,
    )


def _environment(
    sources: Sources, environ: Mapping[str, str], assembly: Assembly
) -> dict[str, str]:
    """The variables for interpolation: the environment, then `.env` of the folder."""
    listed = environ.get("COMPOSE_ENV_FILES", "")
    paths = [path for path in listed.split(",") if path] or [".env"]
    found: dict[str, str] = {}
    for path in paths:
        whole = posixpath.normpath(posixpath.join(sources.folder, path))
        content = assembly.reading.file(whole)
        if isinstance(content, bytes):
            found |= assembly.env_file(whole, {**found, **environ}, content)
        elif content is None and listed:
            assembly.reports.error(
                "Cannot read file", f"The environment file {whole} does not exist.",
                "Correct COMPOSE_ENV_FILES.", None)  # fmt: skip
    return {**found, **environ}


def _name(sources: Sources, known: Mapping[str, str], assembly: Assembly) -> str:
    """The App's name: as asked for, else as the last file says, else the folder's."""
    asked = sources.name or known.get("COMPOSE_PROJECT_NAME")
    given = (asked, None) if asked else _declared_name(sources, known, assembly)
    if given is None:
        folder = re.sub(r"[^a-z0-9_-]", "", posixpath.basename(sources.folder).lower())
        given = (folder.lstrip("_-"), None)
    name, place = given
    if not _NAME.fullmatch(name):
        assembly.reports.error(
            "Invalid name",
            f"{name!r} cannot be the name of an App: a name has {_NAME_RULE}.",
            "Give another with -p NAME or the key 'name'.",
            place or (Position(sources.files[0]) if sources.files else None),
        )
    return name


def _declared_name(
    sources: Sources, known: Mapping[str, str], assembly: Assembly
) -> tuple[str, Position | None] | None:
    found: Node | None = None
    for file in sources.files:
        for document in assembly.documents(file):
            found = document.get("name") or found
    if found is None:
        return None
    filled = assembly.filled(found, known)
    return str(filled.value), filled.place
