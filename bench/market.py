"""What does it cost to find the cheapest of 120,000 offerings?"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from bench.figure import Figure, median, moot, timed, workplace
from moot.home import Home
from moot.market.kept import SHIPPED

OFFERINGS = 120_000
SEED = 5
BOUND_S = 0.5
WISHES = {
    "what fits, in Europe": ("--cpu", "4", "--memory", "8G", "--region", "eu-*"),
    "all of them": (),
}
VENUES = {name: {"provider": "fake"} for name in ("laptop", "docker")}


def measure(short: bool) -> list[Figure]:
    """CPU seconds of `moot offerings` over Amazon's table and two vendors made from it by seed."""
    return [_figure(what, wish, 1 if short else 9) for what, wish in WISHES.items()]


def _figure(what: str, wish: tuple[str, ...], runs: int) -> Figure:
    with workplace() as (folder, environ):
        Path(environ["MOOT_VENUES"]).write_text(json.dumps({"venues": VENUES}))
        table = Home.of(environ).market
        table.write_bytes(gzip.compress(json.dumps(generated()).encode(), 1))
        times = [timed(moot("offerings", *wish), environ, folder).cpu_s for _ in range(runs)]
    return Figure(
        name=f"the cheapest of {OFFERINGS:,} offerings: {what}",
        value=median(times),
        unit="s CPU",
        bound=BOUND_S,
        command=" ".join(("moot offerings", *wish)),
    )


def generated() -> Mapping[str, Any]:
    """A market of that many types x zones: one vendor is real, two are synthetic."""
    content = json.loads(gzip.decompress(SHIPPED.read_bytes()))
    aws = next(vendor for vendor in content["vendors"] if vendor["vendor"] == "aws")
    chance = Random(SEED)
    left = OFFERINGS - sum(zones(kind) for kind in aws["types"])
    synthetic: list[Mapping[str, Any]] = []
    for number, share in enumerate((left // 2, left - left // 2), 1):
        types = list(_varied(aws["types"], share, chance))
        synthetic.append({**aws, "vendor": f"synthetic-{number}", "types": types})
    return {**content, "vendors": [aws, *synthetic]}


def zones(kind: list[Any]) -> int:
    """In how many zones a type can be had."""
    return sum(bits.bit_count() for _, _, bits in kind[-1].values())


def _varied(kinds: list[Any], share: int, chance: Random) -> Iterator[list[Any]]:
    """Types with prices of their own, until there are so many offerings."""
    for name, *shape, prices in _without_end(kinds):
        factor = chance.uniform(0.6, 1.6)
        there: dict[str, list[int]] = {}
        for region, (hourly, spot, bits) in prices.items():
            if bits.bit_count() <= share:
                share -= bits.bit_count()
                there[region] = [round(hourly * factor), spot, bits]
        yield [name, *shape, there]
        if not share:
            return


def _without_end(kinds: list[Any]) -> Iterator[list[Any]]:
    edition = 0
    while True:
        edition += 1
        for name, *rest in kinds:
            yield [f"{name}-{edition}" if edition > 1 else name, *rest]
