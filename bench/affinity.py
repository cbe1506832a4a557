"""How much of what services send one another stays on machines, in a cluster of ByteDance's?"""

from __future__ import annotations

import time

from bench import calibration
from bench.figure import Figure
from bench.rasa import Cluster, On, on
from moot.passes.place import place

# The gained affinity of output/shell_M3_test.json, the best by far of what the repository
# bytedance/Service-Affinity-Scheduling (at ccfc6893) publishes for M3: its output of ApplSci19 has
# 0.582, that of POP 0.134.  It does not say which of its programs found it, and in what time; the
# figure for M3 in the paper (ICDE 2024) was not at hand.
PUBLISHED = 0.84947
BOUND_S = 5.0


def measure(short: bool) -> list[Figure]:
    """The same in a short run: it takes seconds."""
    cluster = Cluster.read()
    hosts = cluster.offerings()
    start = time.process_time()
    placed = place(cluster.app(talking=True), hosts)
    cpu_s = time.process_time() - start
    even = on(place(cluster.app(talking=False), hosts))
    found, replicas = on(placed), sum(service.replicas for service in cluster.services)
    what = f"place {replicas:,} replicas of {len(cluster.services)} services on {len(hosts)} hosts"
    peer = "the best placement that its authors publish"
    return [
        _leaves(cluster, "where moot places it", found, what, peer),
        _leaves(cluster, "as it is deployed in the data", cluster.deployed, "read the data"),
        _leaves(cluster, "spread evenly, where no traffic is stated", even, what),
        Figure(
            name="traffic of ByteDance's cluster M3 that leaves machines wherever it is placed",
            value=_percent(cluster.most()),
            unit="%",
            command="at least: what each pair of services alone could not keep",
        ),
        Figure(
            name="placing ByteDance's cluster M3 with its traffic",
            value=round(cpu_s, 4),
            unit="s CPU",
            bound=BOUND_S,
            command=f"{what}; the calibration loop took {calibration.loop():.2f} s",
        ),
        _counted("replicas of M3 without a place", replicas - len(placed.assignments), what),
        _counted("machines of M3 with more than they have room for", cluster.overfull(found), what),
    ]


def _leaves(cluster: Cluster, how: str, where: On, command: str, peer: str | None = None) -> Figure:
    return Figure(
        name=f"traffic of ByteDance's cluster M3 that leaves machines {how}",
        value=_percent(cluster.gained(where)),
        unit="%",
        peer=peer,
        peer_value=_percent(PUBLISHED) if peer else None,
        bound=1.0 if peer else None,
        command=command,
    )


def _counted(name: str, count: int, command: str) -> Figure:
    return Figure(name=name, value=count, unit="", bound=0, command=command)


def _percent(gained: float) -> float:
    """Of all traffic, what is not gained."""
    return round(100 * (1 - gained), 2)
