"""The recipe of a component, from its settled canonical form."""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from moot.model.position import Position
from moot.model.recipe import (
    Encoding,
    FirewallRule,
    ProjectFile,
    Recipe,
    RecipeFile,
    RecipeProject,
    RecipeScript,
    RecipeUser,
)
from moot.model.value import JSON, Value
from moot.passes.compose.files import Files
from moot.passes.compose.node import Node
from moot.passes.compose.reports import did_you_mean

NO_LOGIN = "/usr/sbin/nologin"

Resolve = Callable[[Node], Value]


def recipe(node: Node, files: Files, resolve: Resolve) -> Recipe:
    """What stands under `x-moot.recipe`.

    `resolve` turns a value with `${moot:...}` inside into one with real Refs and Secrets.
    """
    return Recipe(
        packages=tuple(str(entry.value) for entry in node.elements("packages")),
        users=tuple(_user(name, user) for name, user in node.items("users")),
        files=tuple(
            one for path, file in node.items("files") for one in _files(path, file, files, resolve)
        ),
        firewall=tuple(_rule(rule) for rule in node.elements("firewall")),
        scripts=tuple(_script(name, script) for name, script in node.items("scripts")),
        projects=tuple(_projects(node, files)),
    )


def _user(name: str, node: Node) -> RecipeUser:
    return RecipeUser(
        name=name,
        system=node.scalar("system") is not False,
        home=node.scalar("home"),
        shell=node.scalar("shell") or NO_LOGIN,
        groups=tuple(node.scalar("groups") or ()),
    )


def _files(path: str, node: Node, files: Files, resolve: Resolve) -> Iterator[RecipeFile]:
    """One file, or all of a folder."""
    source = node.get("source")
    if source is not None:
        for where, content, encoding, executable in _copies(source, files):
            target = path if where == "." else posixpath.join(path, where)
            here = Position(posixpath.normpath(posixpath.join(str(source.value), where)), 0, 0)
            yield _file(target, node, content, here, encoding, "0755" if executable else "0644")
    elif (secret := node.get("secret")) is not None:
        if (found := _secret(secret, files)) is not None:
            yield _file(path, node, found, secret.place, mode="0600")
    elif (content := node.get("content")) is not None:
        yield _file(path, node, resolve(content), content.place)


def _file(
    path: str,
    node: Node,
    content: Value,
    place: Position,
    encoding: Encoding = "utf-8",
    mode: str = "0644",
) -> RecipeFile:
    return RecipeFile(
        path=path,
        content=content,
        encoding=encoding,
        template=node.scalar("template") is True and encoding == "utf-8",
        owner=node.scalar("owner"),
        group=node.scalar("group"),
        mode=(node.scalar("mode") or mode).zfill(4),
        place=place,
    )


def _secret(node: Node, files: Files) -> Value:
    declared = (
        [name for name, _ in files.secrets.declared.items()] if files.secrets.declared else []
    )
    name = str(node.value)
    if name not in declared:
        files.contents.reports.error(
            "Unknown secret",
            f"The recipe uses the secret {name!r}, which is not declared under 'secrets'.",
            did_you_mean(name, declared, f"Add it: 'secrets: {{{name}: {{file: ./{name}}}}}'."),
            node.place,
        )
        return None
    return files.secrets.as_file(name)


def _rule(node: Node) -> FirewallRule:
    action: Literal["allow", "deny"] = "allow" if node.get("allow") else "deny"
    port, _, protocol = str(node.scalar(action)).partition("/")
    return FirewallRule(
        action=action,
        port=port,
        protocol="udp" if protocol == "udp" else "tcp",
        sources=tuple(node.scalar("from") or ()),
    )


def _script(name: str, node: Node) -> RecipeScript:
    return RecipeScript(
        name=name,
        run=node.scalar("run"),
        check=node.scalar("check"),
        undo=node.scalar("undo"),
        repeatable=node.scalar("repeatable") is True,
    )


def _projects(node: Node, files: Files) -> Iterator[RecipeProject]:
    if (ansible := node.get("ansible")) is not None:
        groups = tuple(ansible.scalar("groups") or ())
        variables = ansible.scalar("variables")
        yield _project("ansible", "playbook", ansible, files, groups, variables)
    if (puppet := node.get("puppet")) is not None:
        yield _project("puppet", "manifest", puppet, files)


def _project(
    tool: Literal["ansible", "puppet"],
    key: str,
    node: Node,
    files: Files,
    groups: tuple[str, ...] = (),
    variables: Mapping[str, JSON] | None = None,
) -> RecipeProject:
    """What is run and the folder around it; beside compose.yaml it is taken alone."""
    entry: str = node.scalar(key)
    undo: str | None = node.scalar("undo")
    folder: str = node.scalar("folder") or posixpath.dirname(entry)
    alone = folder == files.folder and node.get("folder") is None
    sources = [entry, *filter(None, (undo,))] if alone else [folder]
    found: dict[str, ProjectFile] = {}
    for source in sources:
        start = posixpath.relpath(source, folder)
        for where, content, encoding, _ in _copies((node.get(key) or node).but(source), files):
            name = posixpath.normpath(posixpath.join(start, where))
            found[name] = ProjectFile(content=content, encoding=encoding)
    named = [posixpath.relpath(path, folder) for path in (entry, undo) if path]
    for name in named:
        if found and name not in found:
            _unreadable(posixpath.join(folder, name), files, node.place)
    return RecipeProject(
        tool=tool,
        entry=named[0],
        undo=named[1] if undo else None,
        files=found,
        groups=groups,
        variables=variables or {},
    )


def _copies(source: Node, files: Files) -> Iterator[tuple[str, str, Encoding, bool]]:
    """(path from the source on, content, encoding, executable) of every file at or below it."""
    path = str(source.value)
    found = files.below(path)
    if found is None:
        _unreadable(path, files, source.place)
    for where, content, executable in found or ():
        name = posixpath.relpath(where, path)
        try:
            yield name, content.decode(), "utf-8", executable
        except UnicodeDecodeError:
            yield name, base64.b64encode(content).decode(), "base64", executable


def _unreadable(path: str, files: Files, place: Position) -> None:
    files.contents.reports.error(
        "Cannot read file",
        f"{path} does not exist, cannot be read, or is too large to travel.",
        "Correct the path, or make it readable.",
        place,
    )
