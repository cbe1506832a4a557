"""Azure: what a type is, by the name of its series and the number in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from moot.market.listed import Shape

GIB = 1024

# The number in these names is of vCPUs, each with so many GiB: the vendor's prices have no sizes,
# and series whose names do not tell are left out.
# learn.microsoft.com/azure/virtual-machines/vm-naming-conventions
GIB_PER_CPU: Mapping[str, int] = {
    **dict.fromkeys(
        ("D{}_v3", "D{}s_v3", "D{}_v4", "D{}s_v4", "D{}d_v4", "D{}ds_v4", "D{}a_v4", "D{}as_v4"),
        4,
    ),
    **dict.fromkeys(
        ("E{}_v3", "E{}s_v3", "E{}_v4", "E{}s_v4", "E{}d_v4", "E{}ds_v4", "E{}a_v4", "E{}as_v4"),
        8,
    ),
    **dict.fromkeys(("F{}", "F{}s", "F{}s_v2", "A{}_v2"), 2),
    **dict.fromkeys(("A{}m_v2", "L{}s", "L{}s_v2"), 8),
    **dict.fromkeys(("D{}_v5", "D{}s_v5", "D{}d_v5", "D{}ds_v5", "D{}as_v5", "D{}ads_v5"), 4),
    **dict.fromkeys(("E{}_v5", "E{}s_v5", "E{}d_v5", "E{}ds_v5", "E{}as_v5", "E{}ads_v5"), 8),
    **dict.fromkeys(("D{}ps_v5", "D{}pds_v5", "D{}s_v6", "D{}ds_v6", "D{}as_v6", "D{}ads_v6"), 4),
    **dict.fromkeys(("D{}ls_v5", "D{}lds_v5", "D{}pls_v5", "D{}plds_v5"), 2),
    **dict.fromkeys(("D{}ls_v6", "D{}lds_v6", "D{}als_v6", "D{}alds_v6"), 2),
    **dict.fromkeys(("E{}ps_v5", "E{}pds_v5"), 8),
}
# The largest have less than their series would give them, and one size has a little more.
EXCEPTIONS_GIB: Mapping[str, int] = {
    **{f"E64{kind}_v3": 432 for kind in ("", "s")},
    **{f"E64{kind}_v4": 504 for kind in ("", "s", "d", "ds")},
    **{f"E96{kind}_v4": 672 for kind in ("a", "as")},
    **{f"E96{kind}_v5": 672 for kind in ("", "s", "d", "ds", "as", "ads")},
    **{f"{size}{kind}_v5": 208 for size in ("D64", "E32") for kind in ("ps", "pds")},
}
BURSTABLE: Mapping[str, tuple[int, float]] = {  # vCPUs and GiB
    "B1ls": (1, 0.5),
    "B1s": (1, 1),
    "B1ms": (1, 2),
    "B2s": (2, 4),
    "B2ms": (2, 8),
    "B4ms": (4, 16),
    "B8ms": (8, 32),
    "B12ms": (12, 48),
    "B16ms": (16, 64),
    "B20ms": (20, 80),
}


def shape(type: str) -> Shape | None:
    """Of a type such as `Standard_D4s_v3`; None where its name does not tell."""
    name = type.removeprefix("Standard_")
    if name in BURSTABLE:
        cpu, gib = BURSTABLE[name]
        return Shape(cpu, round(gib * GIB), "amd64")
    taken = re.fullmatch(r"([A-Z]+)([0-9]+)(.*)", name)
    if taken is None or (ratio_gib := GIB_PER_CPU.get(f"{taken[1]}{{}}{taken[3]}")) is None:
        return None
    cpu = int(taken[2])
    arch = "arm64" if "p" in taken[3] else "amd64"
    return Shape(cpu, EXCEPTIONS_GIB.get(name, cpu * ratio_gib) * GIB, arch)
