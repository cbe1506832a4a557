"""How long does a history take to write, to see as of a time, and to follow for one item?"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.figure import Figure, median
from moot.model.resource import ConfigurationItem
from moot.store import Store, open_store
from tests.substrates import postgresql

BATCH = 1_000  # items in one transaction, about what one listing brings
TYPES = 20
LOOKS = 15


@dataclass(frozen=True, slots=True)
class Size:
    """So many items, each recorded so many times with another content."""

    items: int
    versions: int

    @property
    def of_one_type(self) -> int:
        return self.items // TYPES


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds on the wall, and of CPU in this process."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def __mul__(self, factor: float) -> Spent:
        return Spent(self.wall_s * factor, self.cpu_s * factor)


@dataclass(frozen=True, slots=True)
class Bounds:
    """In seconds on the wall: 10,000 versions in, one type as of a time, one item's history."""

    ten_thousand_in: float
    one_type: float
    one_item: float | None


FULL, SHORT = Size(100_000, 10), Size(4_000, 5)
SQLITE = Bounds(1.0, 0.1, 0.005)
POSTGRESQL = Bounds(2.0, 0.4, None)


def measure(short: bool) -> list[Figure]:
    """Both databases, with every commit on disk; PostgreSQL is a private cluster."""
    size = SHORT if short else FULL
    with tempfile.TemporaryDirectory(prefix="moot-bench-") as folder:
        measured = _of_store("SQLite", f"{folder}/moot.db", size, SQLITE)
    try:
        with postgresql.cluster(durable=True) as cluster:
            return measured + _of_store("PostgreSQL", cluster.database(), size, POSTGRESQL)
    except postgresql.NoServer as reason:
        print(f"history on PostgreSQL: skipped, {reason}", file=sys.stderr)
        return measured


def _of_store(name: str, address: str, size: Size, bounds: Bounds) -> list[Figure]:
    with contextlib.closing(open_store(address)) as store:
        written = _written(store, size)
        one_type = [_then(store, size, look) for look in range(LOOKS)]
        one_item = [_item(store, size, look) for look in range(LOOKS)]
    history = f"of {size.items:,} items x {size.versions} in {name}"
    return [
        *_figures(f"10,000 versions in, {history}", written, bounds.ten_thousand_in),
        *_figures(
            f"one type ({size.of_one_type:,} items) as of a time, {history}",
            one_type,
            bounds.one_type,
        ),
        *_figures(f"history of one item, {history}", one_item, bounds.one_item),
    ]


def _figures(name: str, times: list[Spent], bound_s: float | None) -> list[Figure]:
    wall = median(each.wall_s for each in times)
    cpu = median(each.cpu_s for each in times)
    command = "python -m bench.run history"
    return [
        Figure(name=name, value=wall, unit="s", bound=bound_s, command=command),
        Figure(name=f"{name}, of moot", value=cpu, unit="s CPU", command=command),
    ]


def _written(store: Store, size: Size) -> list[Spent]:
    """What 10,000 versions took on average, in each round over all items."""
    rounds: list[Spent] = []
    for version in range(size.versions):
        spent = Spent()
        for first in range(0, size.items, BATCH):
            at = float(version * size.items + first)
            batch = [_made(number, version) for number in range(first, first + BATCH)]
            spent += _spent(lambda batch=batch, at=at: _record(store, batch, at))
        rounds.append(spent * (10_000 / size.items))
    return rounds


def _record(store: Store, batch: Iterable[ConfigurationItem], at: float) -> None:
    with store.turn():
        for item in batch:
            store.record("shop", str(item.address), 1, item, at, "moot up")


def _then(store: Store, size: Size, look: int) -> Spent:
    at = size.items * size.versions * (look + 1) / (LOOKS + 1)

    def looked() -> None:
        found = store.inventory_at(at, type=f"toy.type{look % TYPES}")
        assert len(found) == size.of_one_type or at < size.items, len(found)

    return _spent(looked)


def _item(store: Store, size: Size, look: int) -> Spent:
    address = _made(size.items // (look + 2), 0).address

    def looked() -> None:
        assert len(store.history(str(address))) == size.versions

    return _spent(looked)


def _made(number: int, version: int) -> ConfigurationItem:
    """An item as a provider of containers reports it, 506 bytes as it is written down."""
    replica = f"shop/part{number // 100}/{number % 100}"
    asked = {
        "name": f"thing-{number}",
        "size": version,
        "labels": {"tier": "web", "rank": str(number)},
        "ports": [80, 443],
    }
    return ConfigurationItem(
        type=f"toy.type{number % TYPES}",
        venue="toy",
        identifier=f"i-{number:08x}",
        address=f"{replica}@toy/thing",
        uid=f"{number:032x}",
        installation="f" * 32,
        generation=1,
        properties={**asked, "address": f"10.0.{number % 256}.{version}"},
        applied=asked,
        status="running",
        since=1000.0 + version,
        depends_on=("shop@toy/net",),
        replica=replica,
        main=True,
    )


def _spent(act: Callable[[], None]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)
