"""Compares two canonical Compose models key by key, in spite of different ways of writing them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

SECTIONS = ("name", "services", "networks", "volumes", "configs", "secrets")

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_BYTES = {"": 1, "b": 1, "k": 2**10, "kb": 2**10, "m": 2**20, "mb": 2**20, "g": 2**30, "gb": 2**30}
_SIZES = {"mem_limit", "mem_reservation", "memswap_limit", "memory", "shm_size", "size"}
_UNORDERED = {"expose", "cap_add", "cap_drop", "security_opt", "devices", "dns"}
_DURATIONS = {"interval", "timeout", "start_period", "start_interval", "stop_grace_period", "delay"}
_TABLES = {*SECTIONS, "environment", "labels", "args", "driver_opts"}
_NUMBERS = {"cpus", "target", "published", "replicas", "retries"}
# What a file means when it does not say: a model may print it or not.
_DEFAULTS = (
    (("services", "*", "ports", "*", "mode"), "ingress"),
    (("services", "*", "ports", "*", "protocol"), "tcp"),
    (("services", "*", "depends_on", "*", "required"), True),
    (("services", "*", "volumes", "*", "bind", "create_host_path"), True),
    (("services", "*", "build", "dockerfile"), "Dockerfile"),
)


def differences(
    ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """(dotted path, our value, their value) of every place where the two say different things."""
    left, right = ({s: m[s] for s in SECTIONS if m.get(s)} for m in (ours, theirs))
    yield from _differing("", settled(left, ()), settled(right, ()))


def settled(value: Any, path: tuple[str, ...]) -> Any:
    """`value` in the one form both are compared in; nothing said and said to be nothing are one."""
    match value:
        case int() if path[-2:-1] == ("ulimits",):
            return {"soft": value, "hard": value}
        case dict():
            made = {str(k): settled(value[k], (*path, str(k))) for k in sorted(value)}
            return {k: v for k, v in made.items() if not _says_nothing(v, (*path, k))}
        case list():
            return _set_or_list([settled(v, (*path, "*")) for v in value], path)
        case _:
            return _scalar(value, path)


def _says_nothing(value: Any, path: tuple[str, ...]) -> bool:
    for pattern, default in _DEFAULTS:
        if len(pattern) == len(path) and all(
            p in ("*", k) for p, k in zip(pattern, path, strict=True)
        ):
            return value == default
    in_a_table = path[-2:-1] and path[-2] in _TABLES
    return not in_a_table and value in (None, "", {}, [])


def _set_or_list(items: list[Any], path: tuple[str, ...]) -> Any:
    """A list whose order says nothing becomes a table by what identifies its entries."""
    match path:
        case ("services", _, "ports"):
            return {
                f"{p.get('host_ip', '')}:{p.get('published', '')}:{p['target']}"
                f"/{p.get('protocol', 'tcp')}": p
                for p in items
            }
        case ("services", _, "volumes" | "secrets" | "configs"):
            return {str(v.get("target") or v.get("source")): v for v in items}
        case (
            "services",
            _,
            "expose" | "cap_add" | "cap_drop" | "security_opt" | "devices" | "dns",
        ):
            return sorted(items, key=repr)
        case ("services", _, "networks", _, "aliases"):
            return sorted(items)
        case _:
            return items


def _scalar(value: Any, path: tuple[str, ...]) -> Any:
    name = path[-1] if path else ""
    if value is None:
        return None
    if path[-2:-1] and path[-2] in _TABLES:
        return str(value).lower() if isinstance(value, bool) else str(value)
    if name in _DURATIONS:
        return _seconds(value)
    if name in _SIZES:
        return _bytes(value)
    if name == "source" and str(value).startswith("/"):
        return posixpath.normpath(str(value))
    if name in _NUMBERS and re.fullmatch(r"\d+(\.\d+)?", str(value)):
        return float(value)
    return value


def _seconds(value: Any) -> Any:
    parts = re.findall(r"([\d.]+)(h|ms|us|µs|ns|m|s)", str(value))
    return sum(float(n) * _SECONDS[unit] for n, unit in parts) if parts else value


def _bytes(value: Any) -> Any:
    found = re.fullmatch(r"([\d.]+)\s*([a-z]*)", str(value).lower())
    return float(found[1]) * _BYTES[found[2]] if found and found[2] in _BYTES else value


def _differing(path: str, ours: Any, theirs: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            below = f"{path}.{key}" if path else key
            yield from _differing(below, ours.get(key, "absent"), theirs.get(key, "absent"))
    elif ours != theirs:
        yield path, ours, theirs
