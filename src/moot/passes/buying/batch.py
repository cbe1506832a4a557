"""App x own machines -> Batches: what of it is kept there or bought for, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from moot.model.market import Vendor
from moot.passes.apart import apart
from moot.passes.buying.estate import MICRO, Estate
from moot.passes.buying.part import part, tied
from moot.passes.buying.stand import sold, stored
from moot.passes.placing.bonds import bonds
from moot.passes.placing.relate import near


class Batch(NamedTuple):
    """Components that cannot be parted, by name.

    On own machines they cost `micros` an hour at least, beyond what their disk would be bought for,
    None where these cannot take them; they are `held` there where their data is, or where nothing
    that is sold can take them.
    """

    names: frozenset[str]
    micros: int | None
    held: bool = False


def batches(estate: Estate, vendor: Vendor, region: str, unsold: Iterable[str]) -> list[Batch]:
    """`unsold` is what nothing that is sold in the region can take.

    What is to be near one another stays together, and what shares a volume; and what may be only so
    far away, unless it is stated of own machines how far the region is.
    """
    app, homes = estate.ground.app, estate.ground.homes
    components = [c for c in app.components if c.replicas]
    held = {*unsold}
    held.update(c.name for c in components if any(m.source in homes for m in c.mounts))
    found: list[Batch] = []
    for members in tied(components, _ties(estate, vendor, region)):
        costs = [estate.micros[member.name] for member in members]
        sums = [cost for cost in costs if cost is not None]
        names = frozenset(member.name for member in members)
        disk = int(stored(part(app, names), [vendor]) * MICRO)
        micros = sum(sums) - disk if len(sums) == len(costs) else None
        found.append(Batch(names, micros, bool(names & held)))
    return found


def _ties(estate: Estate, vendor: Vendor, region: str) -> Iterator[tuple[str, str]]:
    app, own = estate.ground.app, estate.ground.offerings
    for name, sharing in estate.basis.sharers.items():
        yield from ((name, other) for other, _ in sharing)
    names = {component.name for component in app.components}
    bound = [(c.name, *bond) for c in app.components for bond in bonds(c) if bond[0] in names]
    if not bound:
        return
    there = sold(vendor, region)
    atlas = apart((*own, there))
    far = atlas.domain(there, "region")
    for name, other, within in bound:
        sites = estate.sites((name,)) | estate.sites((other,))
        regions = {atlas.domain(o, "region") for o in own if o.site in sites}
        if not all(near(atlas, far, mine, within) for mine in regions):
            yield name, other
