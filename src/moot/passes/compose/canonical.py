"""The settled model as plain JSON, the way `docker compose config` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moot.model.value import JSON, Ref, Text
from moot.passes.compose.interpolate import VERBATIM, below
from moot.passes.compose.node import HIDDEN, Node, shown

_FIRST = ("name", "services", "networks", "volumes", "configs", "secrets")
_FILE_MOUNTS = {"secrets": "/run/secrets/", "configs": "/"}


def canonical(model: Node) -> JSON:
    """The model in its long form, keys sorted, so that equal models print equally.

    It is a compose file again: a `$` that is meant to stay one is written `$$`.
    """
    plain: dict[str, JSON] = _printed(model, VERBATIM)
    plain["services"] = {
        name: _service(service) for name, service in plain.get("services", {}).items()
    }
    rest = sorted(key for key in plain if key not in _FIRST)
    return {key: plain[key] for key in (*_FIRST, *rest) if key in plain and plain[key] != {}}


def _printed(node: Node, verbatim: Any) -> JSON:
    match node.value:
        case dict() as members:
            return {
                key: _printed(members[key], below(verbatim, key))
                for key in sorted(members)
                if members[key].tag not in HIDDEN
            }
        case list() as elements:
            return [_printed(element, verbatim) for element in elements]
        case str() as text:
            return text if verbatim is True else text.replace("$", "$$")
        case Text(parts):
            escaped = [p.replace("$", "$$") if isinstance(p, str) else p for p in parts]
            return shown(node.value if verbatim is True else Text(tuple(escaped)))
        case Ref():
            return shown(node.value)
        case other:
            return other


def _service(service: dict[str, JSON]) -> JSON:
    made = {key: value for key, value in service.items() if value not in ({}, [])}
    for key in ("command", "entrypoint"):
        made[key] = service.get(key)
    for section, folder in _FILE_MOUNTS.items():
        if section in made:
            made[section] = [_file_mount(entry, folder) for entry in made[section]]
    return {key: made[key] for key in sorted(made)}


def _file_mount(entry: Mapping[str, Any], folder: str) -> JSON:
    """The default target of a secret or config, and a relative one made absolute."""
    target = entry.get("target") or entry["source"]
    return {**entry, "target": target if target.startswith("/") else folder + target}
