"""Several files made one: each loaded, filled in, read, extended, and merged onto the last."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from moot.model.position import Position
from moot.passes.compose.dotenv import variables
from moot.passes.compose.interpolate import Names, Unfit, interpolated
from moot.passes.compose.keys import SERVICE
from moot.passes.compose.load import load
from moot.passes.compose.node import Node
from moot.passes.compose.recipe_use import recipes_used, without_use
from moot.passes.compose.reports import Reports, did_you_mean
from moot.passes.compose.shape import Scope, merged
from moot.passes.compose.sources import PENDING, Pending, Reading, Unreadable
from moot.passes.compose.top import FILE

_INCLUDED = ("services", "networks", "volumes", "configs", "secrets", "models", "x-moot")
_MAX_INCLUDES = 100

Trail = tuple[str, ...]


class Assembly:
    """Makes the one canonical model of an App out of its files."""

    def __init__(self, reading: Reading, reports: Reports) -> None:
        self.reading = reading
        self.reports = reports
        self._extended: dict[str, dict[str, Node] | None] = {}
        self.cycles: set[tuple[str, str]] = set()
        self._included = 0

    def model(
        self,
        files: tuple[str, ...],
        folder: str,
        environ: Mapping[str, str],
        trail: Trail = (),
        named_at: Position | None = None,
    ) -> Node | None:
        """The canonical model of `files`, or None where none of them can be used."""
        found: Node | None = None
        for file in files:
            for document in self.documents(file, named_at):
                scope = Scope(self.reports, folder, environ)
                read = self._document(document, scope, (*trail, file))
                if read is not None:
                    found = merged(FILE, found, read)
        return found

    def documents(self, file: str, named_at: Position | None = None) -> tuple[Node, ...]:
        """The documents of a file; what is wrong with it is reported."""
        content = self.reading.file(file)
        match content:
            case bytes():
                loaded = load(file, content)
                self.reports.add(loaded.diagnostics)
                return loaded.documents
            case None | Unreadable():
                why = "it does not exist" if content is None else content.reason
                self.reports.error(
                    "Cannot read file",
                    f"{file} cannot be read: {why}.",
                    "Correct the path, or make the file readable.",
                    named_at,
                )
            case Pending.PENDING:
                pass
        return ()

    def _document(self, document: Node, scope: Scope, trail: Trail) -> Node | None:
        if not isinstance(document.value, dict):
            scope.wrong(document, "The file", "a mapping with 'services'")
            return None
        read = FILE.read(self.filled(document, scope.environ), "", scope)
        if read is None:
            return None
        whole = self._with_included(read, scope, trail)
        return self._with_extended(whole, trail[-1], scope)

    def filled(self, node: Node, environ: Mapping[str, str]) -> Node:
        """`node` with all variables filled in; what is missing is reported."""

        def names(at: Node) -> Names:
            return Names(environ, lambda name: self.missing(name, at.place))

        def failed(problem: Unfit, at: Node) -> None:
            self.reports.error(problem.summary, problem.detail, problem.remedy, at.place)

        return interpolated(node, names, failed)

    def missing(self, name: str, place: Position | None) -> None:
        """Tell once of a variable that is not set."""
        self.reports.warn(
            "Variable not set",
            f"{name} is not set; an empty text stands for it.",
            f"Set {name} in the environment or in .env, or give a default: ${{{name}:-...}}.",
            place,
            once=("variable", name),
        )

    def env_file(self, path: str, environ: Mapping[str, str], content: bytes) -> dict[str, str]:
        """The variables that a file in the `.env` format sets."""
        read = variables(path, content, environ, lambda name: self.missing(name, Position(path)))
        self.reports.add(read.diagnostics)
        return read.values

    def _with_included(self, read: Node, scope: Scope, trail: Trail) -> Node:
        include = read.get("include")
        if include is None:
            return read
        whole: Node | None = None
        for entry in include.elements():
            model = self._include(entry, scope, trail)
            if model is not None:
                members = {key: child for key, child in model.items() if key in _INCLUDED}
                whole = merged(FILE, whole, model.but(members))
        own = read.but({key: child for key, child in read.items() if key != "include"})
        return own if whole is None else merged(FILE, whole, own)

    def _include(self, entry: Node, scope: Scope, trail: Trail) -> Node | None:
        paths: tuple[str, ...] = tuple(entry.scalar("path") or ())
        self._included += 1
        if not paths:
            return None
        if set(paths) & set(trail) or self._included > _MAX_INCLUDES:
            self.reports.error(
                "Include cycle",
                f"The file includes itself: {' -> '.join([*trail, *paths])}.",
                "Take one of the includes out.",
                entry.place,
            )
            return None
        folder = entry.scalar("project_directory") or posixpath.dirname(paths[0])
        environ = dict(scope.environ)
        given: list[str] | None = entry.scalar("env_file")
        for path in given or [posixpath.join(folder, ".env")]:
            content = self.reading.file(path)
            if isinstance(content, bytes):
                environ = {**self.env_file(path, environ, content), **environ}
            elif given and content is not PENDING and path != "/dev/null":
                self.reports.error(
                    "Cannot read file", f"The environment file {path} cannot be read.",
                    "Correct the path.", entry.place)  # fmt: skip
        return self.model(paths, folder, environ, trail, entry.place)

    def _with_extended(self, model: Node, file: str, scope: Scope) -> Node:
        services = model.get("services")
        if services is None or not isinstance(services.value, dict):
            return model
        extending = _Extending(self, file, services.value, scope)
        found = {name: extending.whole(name) for name in services.value}
        return model.but({**dict(model.items()), "services": services.but(found)})

    def services_of(
        self, file: str, scope: Scope, place: Position
    ) -> tuple[dict[str, Node], Scope] | None:
        """The components another file declares, read with paths relative to that file."""
        inner = Scope(self.reports, posixpath.dirname(file), scope.environ)
        if file not in self._extended:
            self._extended[file] = None
            for document in self.documents(file, place):
                if not isinstance(document.value, dict):
                    inner.wrong(document, "The file", "a mapping with 'services'")
                    continue
                read = FILE.read(self.filled(document, scope.environ), "", inner)
                found = read.get("services") if read else None
                self._extended[file] = {**(self._extended[file] or {}), **dict(
                    found.items() if found else ())}  # fmt: skip
        known = self._extended[file]
        return None if known is None else (known, inner)


class _Extending:
    """Resolves `extends` among the components of one file."""

    def __init__(
        self, assembly: Assembly, file: str, services: dict[str, Node], scope: Scope
    ) -> None:
        self.assembly = assembly
        self.file = file
        self.services = services
        self.scope = scope

    def whole(self, name: str, trail: tuple[tuple[str, str], ...] = ()) -> Node:
        """The component with everything it extends, and the recipes it uses, merged in."""
        node = self._with_recipes(self.services[name], (*trail, (self.file, name)))
        extends = node.get("extends")
        if extends is None or not isinstance(node.value, dict):
            return node
        own = node.but({key: child for key, child in node.value.items() if key != "extends"})
        here = (self.file, name)
        if here in trail:
            path = " -> ".join(part for _, part in [*trail[trail.index(here) :], here])
            if self.assembly.cycles & set(trail):
                return own
            self.assembly.cycles |= set(trail)
            self._error("Extends cycle", f"Components extend each other: {path}.",
                        "Take one 'extends' out.", extends)  # fmt: skip
            return own
        base = self._base(extends, (*trail, here))
        if base is None:  # a later check sees that there is more to it
            return own.but({**dict(own.items()), "extends": extends.but(None, "broken")})
        return merged(SERVICE, base, own)

    def _with_recipes(self, node: Node, trail: tuple[tuple[str, str], ...]) -> Node:
        """The component on top of the recipes it uses; each is a file with one component."""
        used = recipes_used(node)
        base: Node | None = None
        for entry, file in used:
            found = self.assembly.services_of(file, self.scope, entry.place)
            if found is None or not found[0]:
                continue
            name = next(iter(found[0]))
            if (file, name) in trail:
                self._error("Recipe cycle", f"The recipe {file} uses itself.",
                            "Take one 'use' out.", entry)  # fmt: skip
                continue
            read = _Extending(self.assembly, file, *found).whole(name, trail)
            base = read if base is None else merged(SERVICE, base, read)
        own = without_use(node) if used else node
        return own if base is None else merged(SERVICE, base, own)

    def _base(self, extends: Node, trail: tuple[tuple[str, str], ...]) -> Node | None:
        file: str | None = extends.scalar("file")
        name: str | None = extends.scalar("service")
        if name is None:
            self._error("Missing key", "`extends` does not say which component.",
                        "Name it with `service:`.", extends)  # fmt: skip
            return None
        other = self
        if file is not None and file != self.file:
            found = self.assembly.services_of(file, self.scope, extends.place)
            if found is None:
                return None
            other = _Extending(self.assembly, file, *found)
        if name not in other.services:
            where = f" in {file}" if file else ""
            self._error("Unknown component", f"It extends {name!r}, which is not declared{where}.",
                        did_you_mean(name, other.services, "Declare it, or correct the name."),
                        extends.get("service") or extends)  # fmt: skip
            return None
        return other.whole(name, trail)

    def _error(self, summary: str, detail: str, remedy: str, at: Node) -> None:
        self.assembly.reports.error(summary, detail, remedy, at.place)
