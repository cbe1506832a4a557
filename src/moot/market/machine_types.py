"""Google: the predefined types of a family, by vCPUs and GiB for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from moot.market.listed import Shape

GIB = 1024


class Series(NamedTuple):
    """Types that are named alike: `n2-standard-4` has 4 vCPUs."""

    family: str
    kind: str
    gib_per_cpu: float
    counts: tuple[int, ...]
    arch: str = "amd64"

    def types(self) -> Iterator[tuple[str, Shape]]:
        """Each with its name."""
        for cpu in self.counts:
            memory_mib = round(cpu * self.gib_per_cpu * GIB)
            yield f"{self.family}-{self.kind}-{cpu}", Shape(cpu, memory_mib, self.arch)


# cloud.google.com/compute/docs/machine-resource; families that share a core are left out: what
# they cost is not made of vCPUs and GiB.
SERIES = (
    Series("c2", "standard", 4.0, (4, 8, 16, 30, 60)),
    Series("e2", "standard", 4.0, (2, 4, 8, 16)),
    Series("e2", "highmem", 8.0, (2, 4, 8, 16)),
    Series("e2", "highcpu", 1.0, (2, 4, 8, 16)),
    Series("n1", "standard", 3.75, (1, 2, 4, 8, 16, 32, 64, 96)),
    Series("n1", "highmem", 6.5, (2, 4, 8, 16, 32, 64, 96)),
    Series("n1", "highcpu", 0.9, (2, 4, 8, 16, 32, 64, 96)),
    Series("n2", "standard", 4.0, (2, 4, 8, 16, 32, 48, 64, 80)),
    Series("n2", "highmem", 8.0, (2, 4, 8, 16, 32, 48, 64, 80)),
    Series("n2", "highcpu", 1.0, (2, 4, 8, 16, 32, 48, 64, 80)),
    Series("n2d", "standard", 4.0, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
    Series("n2d", "highmem", 8.0, (2, 4, 8, 16, 32, 48, 64, 80, 96)),
    Series("n2d", "highcpu", 1.0, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
)
# Families that came after the prices of the snapshot.
NEWER = (
    Series("c3", "standard", 4.0, (4, 8, 22, 44, 88, 176)),
    Series("c3", "highmem", 8.0, (4, 8, 22, 44, 88, 176)),
    Series("c3", "highcpu", 2.0, (4, 8, 22, 44, 88, 176)),
    Series("n4", "standard", 4.0, (2, 4, 8, 16, 32, 48, 64, 80)),
    Series("n4", "highmem", 8.0, (2, 4, 8, 16, 32, 48, 64, 80)),
    Series("n4", "highcpu", 2.0, (2, 4, 8, 16, 32, 48, 64, 80)),
    Series("t2a", "standard", 4.0, (1, 2, 4, 8, 16, 32, 48), "arm64"),
    Series("t2d", "standard", 4.0, (1, 2, 4, 8, 16, 32, 48, 60)),
)
