"""Published ports: the short syntax with its ranges, and the long one."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from moot.passes.compose.node import Node, described
from moot.passes.compose.short import of

if TYPE_CHECKING:
    from moot.passes.compose.shape import Scope

_SHORT = re.compile(
    r"(?:(?P<host>\[[^\]]*\]|[^:\[\]]*):)??(?:(?P<published>[0-9-]*):)?"
    r"(?P<target>[0-9-]+)(?:/(?P<protocol>[A-Za-z]+))?"
)
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
PROTOCOLS = ("tcp", "udp")
_HIGHEST = 65535


def expanded(node: Node, path: str, scope: Scope) -> list[Node]:
    """One entry of `ports` as long entries, one for each port of a range."""
    if isinstance(node.value, dict):
        return [node]
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        node = node.but(str(node.value))
    try:
        if isinstance(node.value, str):
            return [of(node, members) for members in _short(node.value)]
    except ValueError as problem:
        scope.reports.error(
            "Invalid port",
            f"{path} is {described(node)}: {problem}.",
            "Write [[ADDRESS:]PUBLISHED:]TARGET[/PROTOCOL], such as 8080:80 or "
            "127.0.0.1:8080:80/tcp.",
            node.place,
        )
        return []
    scope.wrong(node, path, "a port such as 8080:80")
    return []


def _short(text: str) -> list[dict[str, Any]]:
    found = _SHORT.fullmatch(text)
    if found is None:
        raise ValueError("not a port")
    protocol = (found["protocol"] or "tcp").lower()
    if protocol not in PROTOCOLS:
        raise ValueError(f"unknown protocol {protocol!r}")
    targets = _numbers(found["target"])
    published: list[str] = []
    if found["published"]:
        outside = _numbers(found["published"])
        if len(targets) == 1:
            published = [found["published"]]
        elif len(outside) == len(targets):
            published = [str(number) for number in outside]
        else:
            raise ValueError("the two ranges are not of one length")
    host = (found["host"] or "").strip("[]")
    if host:
        ipaddress.ip_address(host)
    common = {"mode": "ingress", **({"host_ip": host} if host else {}), "protocol": protocol}
    return [
        {**common, "target": target, **({"published": published[index]} if published else {})}
        for index, target in enumerate(targets)
    ]


def _numbers(text: str) -> range:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is neither a port nor a range")
    first = int(found[1])
    last = int(found[2] or first)
    if not 0 < first <= last <= _HIGHEST:
        raise ValueError(f"{text!r} is not within 1 and {_HIGHEST}, in rising order")
    return range(first, last + 1)


def first_published(text: str) -> int | None:
    """The port a `published` value names: the first of a range, None for any free one."""
    return int(text.partition("-")[0]) if text else None


def is_published(text: str) -> bool:
    """Whether `text` may be the value of `published`."""
    try:
        return text in ("", "0") or len(_numbers(text)) > 0
    except ValueError:
        return False


def is_address(text: str) -> bool:
    """Whether `text` is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def finished(node: Node, path: str, scope: Scope) -> Node | None:
    """A long entry with its defaults."""
    del path, scope
    assert isinstance(node.value, dict)
    missing = {"mode": "ingress", "protocol": "tcp"}
    defaults = of(node, {key: text for key, text in missing.items() if key not in node.value})
    return node.but({**node.value, **dict(defaults.items())})


def identity(node: Node) -> tuple[Any, ...]:
    """What makes two entries the same port."""
    keys = ("host_ip", "published", "target", "protocol")
    return tuple(node.scalar(key) or "" for key in keys)
