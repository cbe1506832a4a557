"""Short syntaxes turned into long ones: volumes, devices, file mounts and the like."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any

from moot.passes.compose.node import Node, described
from moot.passes.compose.shape import Scope

_PROPAGATIONS = ("rprivate", "private", "rshared", "shared", "rslave", "slave")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def of(node: Node, members: Mapping[str, Any]) -> Node:
    """A mapping whose every value stands where `node` stands."""

    def made(value: Any) -> Node:
        if isinstance(value, dict):
            return of(node, value)  # pyright: ignore[reportUnknownArgumentType]
        child = node.but(value, "")
        child.text = node.text if value == node.value else ""
        return child

    return node.but({key: made(value) for key, value in members.items()})


def as_key(name: str, **more: Any) -> Callable[[Node, str, Scope], Node | None]:
    """A short syntax that is one text: `context` alone in `build: ./dir`."""

    def short(node: Node, path: str, scope: Scope) -> Node | None:
        if not isinstance(node.value, str) or not node.value:
            scope.wrong(node, path, "a text or a mapping")
            return None
        return of(node, {name: node.value, **more})

    return short


def constant(**members: Any) -> Callable[[Node], Node]:
    """For a bare name in a list: the value it stands for."""
    return lambda node: of(node, members)


def nothing(node: Node) -> Node:
    """For a bare name in a list that says nothing more."""
    return node.but(None)


def volume(node: Node, path: str, scope: Scope) -> Node | None:
    """`[SOURCE:]TARGET[:OPTIONS]`; a source that looks like a path is a bind."""
    if not isinstance(node.value, str) or not node.value:
        scope.wrong(node, path, "a mount such as data:/var/lib/data")
        return None
    parts = _split(node.value)
    if len(parts) > 3 or not all(parts):
        scope.reports.error(
            "Invalid mount",
            f"{path} is {described(node)}, which is not of the form SOURCE:TARGET:OPTIONS.",
            "Use the long syntax with 'type', 'source' and 'target' for paths with colons.",
            node.place,
        )
        return None
    if len(parts) == 1:
        return of(node, {"type": "volume", "target": parts[0]})
    source, target = parts[:2]
    members: dict[str, Any] = {"type": "volume", "source": source, "target": target}
    if _is_path(source):
        members |= {"type": "bind", "bind": {"create_host_path": True}}
    else:
        members["volume"] = {}
    for option in parts[2].split(",") if len(parts) == 3 else []:
        if not _option(members, option):
            scope.reports.error(
                "Invalid mount",
                f"{path} has the unknown option {option!r}.",
                "Options are ro, rw, z, Z, nocopy, cached, delegated, consistent and the "
                f"propagations {', '.join(_PROPAGATIONS)}.",
                node.place,
            )
            return None
    return of(node, members)


def _split(text: str) -> list[str]:
    """At the colons, but not at the one of a Windows drive."""
    parts = text.split(":")
    if _DRIVE.match(text) and len(parts) > 2:
        return [f"{parts[0]}:{parts[1]}", *parts[2:]]
    return parts


def _is_path(source: str) -> bool:
    return source.startswith((".", "/", "~", "\\\\")) or bool(_DRIVE.match(source))


def _option(members: dict[str, Any], option: str) -> bool:
    if option in ("ro", "rw"):
        members["read_only"] = option == "ro"
    elif option in ("z", "Z"):
        members.setdefault("bind", {})["selinux"] = option
    elif option in _PROPAGATIONS:
        members.setdefault("bind", {})["propagation"] = option
    elif option == "nocopy":
        members.setdefault("volume", {})["nocopy"] = True
    elif option in ("cached", "delegated", "consistent"):
        members["consistency"] = option
    else:
        return False
    return True


def finished_volume(node: Node, path: str, scope: Scope) -> Node | None:
    """A long mount: its target must be absolute; a bind's source becomes so."""
    assert isinstance(node.value, dict)
    members = dict(node.value)
    target, source = members.get("target"), members.get("source")
    kind = node.scalar("type")
    if kind in ("image", "npipe", "cluster"):
        scope.reports.error(
            "Not supported", f"{path} is a mount of type {kind}, which no venue here can make.",
            "Use a volume, a bind or a tmpfs.", members["type"].place)  # fmt: skip
        return None
    if target is None or not str(target.value).startswith("/"):
        scope.reports.error(
            "Invalid mount",
            f"{path} needs an absolute 'target' inside the container.",
            "Write where it is to appear, such as /data.",
            target.place if target else node.place,
        )
        return None
    members["target"] = target.but(posixpath.normpath(str(target.value)))
    if kind == "bind":
        if source is None:
            scope.reports.error(
                "Invalid mount", f"{path} is a bind without 'source'.",
                "Name the path on the machine as 'source'.", node.place)  # fmt: skip
            return None
        if not _DRIVE.match(str(source.value)):
            members["source"] = source.but(scope.absolute(str(source.value)))
    return node.but({name: child for name, child in members.items() if name != "read_only"
                     or child.value is True})  # fmt: skip


def device(node: Node, path: str, scope: Scope) -> Node | None:
    """`SOURCE[:TARGET[:PERMISSIONS]]`."""
    parts = node.value.split(":") if isinstance(node.value, str) else []
    if not parts or len(parts) > 3 or not all(parts):
        scope.wrong(node, path, "a device such as /dev/ttyUSB0:/dev/ttyUSB0")
        return None
    target = parts[1] if len(parts) > 1 else parts[0]
    permissions = parts[2] if len(parts) > 2 else "rwm"
    return of(node, {"source": parts[0], "target": target, "permissions": permissions})


def gpus(node: Node, path: str, scope: Scope) -> list[Node]:
    """`all`, or a list of device requests."""
    if node.value == "all":
        return [of(node, {"count": "all"})]
    if isinstance(node.value, str):
        scope.wrong(node, path, "'all' or a list of device requests")
        return []
    return counted(node, path, scope)


def counted(node: Node, path: str, scope: Scope) -> list[Node]:
    """A device request that says neither how many nor which means all."""
    del path, scope
    if not isinstance(node.value, dict) or {"count", "device_ids"} & node.value.keys():
        return [node]
    return [node.but({**node.value, "count": node.but("all", "")})]


def external(node: Node, path: str, scope: Scope) -> Node | None:
    """`external: {name: X}`, the older way to write `external: true` and `name: X`."""
    del path, scope
    assert isinstance(node.value, dict)
    found = node.value.get("external")
    if found is None or not isinstance(found.value, dict):
        return node
    name = found.get("name")
    members = {**node.value, "external": found.but(True)}
    if name is not None:
        members.setdefault("name", name)
    return node.but(members)
