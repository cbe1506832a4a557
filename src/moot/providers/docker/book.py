"""What a gateway knows: its listeners and, in numbered slots, the replicas behind each.

The book lies inside the gateway's container beside the configuration made from it, so that a
gateway that is restarted comes back with its replicas, and its back ends can be listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moot.model.value import JSON
from moot.provider import Operation
from moot.providers.docker.control import BOOK, CONFIGURATION, STATS
from moot.providers.docker.marks import same
from moot.render.gateway import Front, Server, configuration

DOCKER_DNS = "127.0.0.11:53"
NOWHERE = "192.0.2.1"  # RFC 5737: an address that nobody has
SLOTS = 8  # more are added by the same number; that takes a reload
CONNECT_TIMEOUT_MS = 500  # on one machine; a replica that is gone does not answer at all

Entry = dict[str, Any]


@dataclass
class Book:
    """`slots` by listener; a free one is None.  `subnets` by network: who its members are."""

    listeners: list[dict[str, Any]]
    subnets: dict[str, list[str]]
    slots: dict[str, list[Entry | None]] = field(default_factory=dict[str, list[Entry | None]])

    def __post_init__(self) -> None:
        kept = self.slots
        names = [str(listener["name"]) for listener in self.listeners]
        self.slots = {name: kept.get(name) or [None] * SLOTS for name in names}

    def entries(self) -> Iterator[tuple[str, int, Entry]]:
        """(listener, number, entry) of every slot in use; numbers count from 1."""
        for listener, slots in self.slots.items():
            for number, entry in enumerate(slots, 1):
                if entry is not None:
                    yield listener, number, entry

    def find(self, op: Operation) -> tuple[str, int, Entry] | None:
        """The slot that this very back end has already."""
        return next((found for found in self.entries() if same(found[2]["labels"], op)), None)

    def take(self, listener: str, entry: Entry) -> tuple[int, bool]:
        """The number of a slot that is now `entry`'s, and whether there had to be more slots."""
        slots = self.slots[listener]
        grown = None not in slots
        if grown:
            slots += [None] * SLOTS
        number = slots.index(None) + 1
        slots[number - 1] = entry
        return number, grown

    def free(self, listener: str, number: int) -> None:
        """The slot is nobody's again."""
        self.slots[listener][number - 1] = None

    def configuration(self) -> str:
        """The haproxy.cfg that says all this."""
        return configuration(
            [self._front(listener) for listener in self.listeners],
            stats=STATS,
            nameserver=DOCKER_DNS,
            connect_timeout_ms=CONNECT_TIMEOUT_MS,
        )

    def text(self) -> str:
        """The book as it is kept; `from_text` is the inverse."""
        return json.dumps(
            {"listeners": self.listeners, "subnets": self.subnets, "slots": self.slots}
        )

    def as_files(self) -> list[Mapping[str, JSON]]:
        """The book and the configuration, as `files.archive` takes them."""
        return [
            {"target": BOOK, "content": self.text(), "mode": 0o644},
            {"target": CONFIGURATION, "content": self.configuration(), "mode": 0o644},
        ]

    @classmethod
    def from_text(cls, text: bytes | str) -> Book:
        """The inverse of `text`."""
        return cls(**json.loads(text))

    def _front(self, listener: Mapping[str, Any]) -> Front:
        target, networks = int(listener["target"]), listener["networks"]
        members = tuple(subnet for n in networks for subnet in self.subnets.get(n, ()))
        binds = [("*", int(port)) for port in listener["published"]]
        return Front(
            name=listener["name"],
            binds=(*((("*", target),) if networks else ()), *binds),
            closed=((target, members),) if members else (),
            http=listener["http"],
            retry_all=listener["retry_all"],
            servers=tuple(
                _server(number, entry, target)
                for number, entry in enumerate(self.slots[listener["name"]], 1)
            ),
        )


def slot_name(number: int) -> str:
    """The server's name inside HAProxy."""
    return f"s{number:03}"


def host(container: str) -> str:
    """A name that the Engine's DNS knows for one container only, wherever its address moves."""
    return container[:12]


def _server(number: int, entry: Entry | None, target: int) -> Server:
    if entry is None:
        return Server(name=slot_name(number), address=NOWHERE, port=target, ready=False)
    return Server(
        name=slot_name(number),
        address=host(entry["container"]),
        port=int(entry["port"]),
        ready=bool(entry["ready"]),
        at_first=entry["address"],
    )
