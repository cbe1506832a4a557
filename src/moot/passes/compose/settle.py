"""Settles what a merged model leaves open: profiles, environment files, defaults and names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import is_
from typing import Any

from moot.passes.compose.dotenv import raw_variables, variables
from moot.passes.compose.node import Node
from moot.passes.compose.reports import Reports
from moot.passes.compose.short import of
from moot.passes.compose.sources import Executable, Pending, Reading, Unreadable

_SECTIONS = ("networks", "volumes", "configs", "secrets")
SHARED = ("network_mode", "ipc", "pid")
_STARTED = {"condition": "service_started", "restart": True, "required": True}


@dataclass(slots=True)
class Settling:
    """What settling depends on besides the model."""

    name: str
    profiles: frozenset[str]
    environ: Mapping[str, str]
    reading: Reading
    reports: Reports


def settled(model: Node, by: Settling) -> Node:
    """`model` with nothing left open.

    Its services are those of the active profiles, each with its whole environment, its
    networks and its links as dependencies; every network and volume has its real name.
    """
    whole = _without_resets(model)
    everything = dict(whole.items("services"))
    active = {
        name: _service(node, by)
        for name, node in everything.items()
        if not name.startswith("x-") and _is_active(node, by.profiles)
    }
    _report_inactive(active, everything, by.reports)
    _apply_namespaces(active)
    _apply_links(active)
    members = dict(whole.items())
    members.pop("version", None)
    members["name"] = whole.but(by.name, "")
    members["services"] = (whole.get("services") or whole).but(dict(active), "")
    networks = _networks(whole, active)
    if networks is not None:
        members["networks"] = networks
    for section in _SECTIONS:
        if section in members:
            members[section] = _named(members[section], by.name)
    return whole.but(members)


def _without_resets(node: Node) -> Node:
    """The same Node where nothing below it is reset, which is nearly always so."""
    match node.value:
        case dict() as members:
            kept = {k: _without_resets(c) for k, c in members.items() if c.tag != "reset"}
            same = len(kept) == len(members) and all(map(is_, kept.values(), members.values()))
            return node if same else node.but(kept)
        case list() as elements:
            left = [_without_resets(c) for c in elements if c.tag != "reset"]
            same = len(left) == len(elements) and all(map(is_, left, elements))
            return node if same else node.but(left)
        case _:
            return node


def _is_active(node: Node, profiles: frozenset[str]) -> bool:
    own: list[str] = node.scalar("profiles") or []
    return not own or "*" in profiles or not profiles.isdisjoint(own)


def _service(node: Node, by: Settling) -> Node:
    members = dict(node.items())
    environment = _with_files(node, "env_file", "environment", by)
    labels = _with_files(node, "label_file", "labels", by)
    for key, found in (("environment", environment), ("labels", labels)):
        members.pop(key, None)
        if found:
            members[key] = node.but(found, "")
    for key in ("env_file", "label_file"):
        members.pop(key, None)
    build = node.get("build")
    if build is not None:
        members["build"] = _build(build)
    if node.scalar("pull_policy") == "if_not_present":
        members["pull_policy"] = node.but("missing", "")
    if "network_mode" not in members and not node.scalar("networks"):
        members["networks"] = of(node, {"default": None})
    return node.but(members, "")


def _build(build: Node) -> Node:
    members = dict(build.items())
    if build.get("context") is None:
        members["context"] = build.but(build.file.rpartition("/")[0] or "/", "")
    if not build.mentions("dockerfile", "dockerfile_inline"):
        members["dockerfile"] = build.but("Dockerfile", "")
    arguments = build.get("args")
    if arguments is not None:
        given = {key: child for key, child in arguments.items() if child.value is not None}
        members["args"] = arguments.but(given)
    return build.but(members, "")


def _with_files(node: Node, files: str, own: str, by: Settling) -> dict[str, Node]:
    """The variables of the named files, then the service's own, which win."""
    found: dict[str, Node] = {}
    for entry in node.elements(files):
        is_path = isinstance(entry.value, str)
        options: Mapping[str, Any] = {"path": entry.value} if is_path else entry.plain()
        for name, value in _variables(entry, options, found, by).items():
            found[name] = entry.but(value, "")
    return {**found, **dict(node.items(own))}


def _variables(
    entry: Node, options: Mapping[str, Any], above: Mapping[str, Node], by: Settling
) -> dict[str, str]:
    path: str = options["path"]
    content = by.reading.content(path)
    match content:
        case bytes() | Executable():
            content = content.content if isinstance(content, Executable) else content
        case Pending.PENDING:
            return {}
        case None if not options.get("required", True):
            return {}
        case _:
            why = content.reason if isinstance(content, Unreadable) else "it is not a file"
            why = "it does not exist" if content is None else why
            by.reports.error(
                "Cannot read file", f"The file {path} cannot be read: {why}.",
                "Correct the path, or write 'required: false' beside it.",
                entry.place)  # fmt: skip
            return {}
    if options.get("format") == "raw":
        read = raw_variables(path, content)
    else:
        known = {**{name: str(node.value) for name, node in above.items()}, **by.environ}
        read = variables(path, content, known, lambda name: _missing(name, entry, by.reports))
    by.reports.add(read.diagnostics)
    return read.values


def _missing(name: str, entry: Node, reports: Reports) -> None:
    reports.warn(
        "Variable not set",
        f"{name} is not set; an empty text stands for it in {entry.plain()}.",
        f"Set {name} in the environment or in .env, or give a default: ${{{name}:-...}}.",
        entry.place,
        once=("variable", name),
    )


def _report_inactive(
    active: dict[str, Node], everything: Mapping[str, Node], reports: Reports
) -> None:
    """A dependency on a component of an inactive profile is an error, unless it is optional."""
    for name, node in list(active.items()):
        depends_on = node.get("depends_on")
        if depends_on is None:
            continue
        kept: dict[str, Node] = {}
        for target, how in depends_on.items():
            if target in active or (target not in everything and how.scalar("required")):
                kept[target] = how
            elif how.scalar("required"):
                profiles = ", ".join(everything[target].scalar("profiles") or [])
                reports.error(
                    "Component not active",
                    f"{name} depends on {target}, which belongs to the profile {profiles}.",
                    "Activate the profile with --profile, or write 'required: false'.",
                    how.key_place,
                )
        active[name] = _with(node, "depends_on", depends_on.but(dict(kept)))


def _apply_namespaces(active: dict[str, Node]) -> None:
    """Who shares the namespace of another component depends on it."""
    for name in list(active):
        for key in SHARED:
            shared = active[name].get(key)
            if shared is not None and str(shared.value).startswith("service:"):
                target = str(shared.value).removeprefix("service:")
                active[name] = _depending(active[name], target, shared)


def _depending(node: Node, target: str, because: Node) -> Node:
    depends_on = node.get("depends_on") or because.but({}, "")
    if target in dict(depends_on.items()):
        return node
    known = {**dict(depends_on.items()), target: of(because, _STARTED)}
    return _with(node, "depends_on", depends_on.but(known))


def _apply_links(active: dict[str, Node]) -> None:
    """`links: [db:database]` is a dependency on db and a further name for it where they meet."""
    for name in list(active):
        for link in active[name].elements("links"):
            target, _, alias = str(link.value).partition(":")
            active[name] = _depending(active[name], target, link)
            if alias and target in active:
                active[target] = _with_alias(active[target], active[name], alias)


def _with(node: Node, key: str, child: Node) -> Node:
    return node.but({**dict(node.items()), key: child})


def _with_alias(target: Node, source: Node, alias: str) -> Node:
    """`target` with a further name in every network it shares with `source`."""
    networks = target.get("networks")
    theirs = dict(source.items("networks"))
    if networks is None:
        return target
    found = dict(networks.items())
    for network in found.keys() & theirs.keys():
        options = found[network] if found[network].value else found[network].but({})
        names: list[str] = options.scalar("aliases") or []
        aliases = options.but([options.but(text) for text in dict.fromkeys([*names, alias])])
        found[network] = _with(options, "aliases", aliases)
    return _with(target, "networks", networks.but(found))


def _networks(model: Node, services: Mapping[str, Node]) -> Node | None:
    """The declared networks; `default` is one of them where a component is in it."""
    declared = dict(model.items("networks"))
    used = any("default" in dict(node.items("networks"))
               for node in services.values())  # fmt: skip
    if used and "default" not in declared:
        declared["default"] = model.but({}, "")
    return model.but(declared, "") if declared else None


def _named(section: Node, app: str) -> Node:
    found: dict[str, Node] = {}
    for key, node in section.items():
        if key.startswith("x-"):
            continue
        members = dict(node.items())
        if node.get("name") is None:
            is_external = node.scalar("external") is True
            members["name"] = node.but(key if is_external else f"{app}_{key}", "")
        found[key] = node.but(members, "")
    return section.but(found, "")
