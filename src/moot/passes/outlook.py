"""App x Placement x what its venues state -> how available the App is, and what limits it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from moot.model.app import App
from moot.model.availability import LEVELS, Domain, Level, Outlook, Sla, percent
from moot.model.placement import Placement, Run
from moot.model.venue import Venue
from moot.passes.apart import Atlas, Path, apart
from moot.passes.availability import TooLarge, availability

MOST_STEPS = 200_000  # of one exact figure, times its components; well below a second
MOST_WEAK = 16  # kinds of domains of which is asked what they cost

REPLICA = "replica"
VENUE = LEVELS.index("venue") + 1  # of a path, so much is that of its venue or pool
REGION = LEVELS.index("region") + 1  # and so much that of its region

Needed = Mapping[str, int]  # by component how many of its replicas must be up
Weak = tuple[Level, str]  # a vendor, or all domains of a level within one venue or pool


def outlook(
    app: App, placement: Placement, venues: Mapping[str, Venue], limited: bool = True
) -> Outlook:
    """The share of the time in which each component that is needed has its quorum of replicas up.

    What the venues state is taken for true, and what they do not state for never failing; of a
    venue that states nothing at all nothing is known.  Components others wait for to be completed
    are not needed once they are.  What limits it takes longest, and is said only where asked for.
    """
    estate = _Estate(venues, apart(run.offering for run in placement.runs))
    needed = _needed(app)
    for run in placement.runs:
        if run.component in needed:
            estate.put(run)
    certain = _Figure(1.0, 1.0, dict.fromkeys(needed, 1.0))
    figure = _figure(estate, needed) if estate.up else certain  # nothing is stated to fail
    outage = sum(estate.outages.values())
    waits, waits_at_most = _waiting(estate, needed)
    return Outlook(
        promised=app.policy.availability,
        least=None
        if estate.unknown or not needed
        else max(0.0, figure.least - outage - waits_at_most),
        most=max(0.0, figure.most - outage - waits),
        components=tuple(figure.alone.items()),
        unknown=tuple(sorted(estate.unknown)),
        limit=_limit(estate, needed, figure) if limited else "",
    )


def _needed(app: App) -> dict[str, int]:
    """The components without which the App is not up, with how many replicas each must have up."""
    jobs = {d.component for c in app.components for d in c.depends_on if d.condition == "completed"}
    return {c.name: c.quorum for c in app.components if c.replicas and c.name not in jobs}


@dataclass(frozen=True, slots=True)
class _Figure:
    """Of all components together the least and the most, and of each alone."""

    least: float
    most: float
    alone: Mapping[str, float]


NOTHING_KNOWN = _Figure(0.0, 1.0, {})


def _figure(estate: _Estate, needed: Needed, unless: Weak | None = None) -> _Figure:
    """Exact, where that takes few steps; else within bounds.

    Components share domains, and what is good for one is never bad for another: so all of them are
    up at least as often as if each stood apart (Harris 1960), and at most as often as the worst.
    """
    alone = {
        name: availability(estate.tree({name: quorum}, unless), {name: quorum})
        for name, quorum in needed.items()
    }
    if not needed:
        return _Figure(1.0, 1.0, alone)
    try:
        steps = MOST_STEPS // len(needed)
        exact = availability(estate.tree(needed, unless), needed, steps)
    except TooLarge:
        return _Figure(prod(alone.values()), min(alone.values()), alone)
    return _Figure(exact, exact, alone)


def _limit(estate: _Estate, needed: Needed, figure: _Figure) -> str:
    """What would raise the figure most if it never failed, in words; "" where nothing fails."""
    weak = estate.weak()
    weakest = sorted(weak, key=lambda kind: (min(weak[kind]), kind))[:MOST_WEAK]
    gains = {kind: _figure(estate, needed, kind).least - figure.least for kind in weakest}
    worst = max(gains, key=lambda kind: gains[kind], default=None)
    return _described(worst, weak[worst]) if worst and gains[worst] > 0 else ""


def _waiting(estate: _Estate, needed: Needed) -> tuple[float, float]:
    """The share of the time in which something has failed, too few replicas are up without it, and
    the control plane that would start another is down: at least, and at most.

    Each failure of a venue or pool is of one of the machines there that are in use, each as likely,
    while all around it is up.  A control plane is taken to be down once a year, in one piece: who
    finds it down waits for half of that.
    """
    least = most = 0.0
    for venue, failures in estate.failures.items():
        alike = estate.alike(venue, needed)
        machines = sum(count for _, count in alike)
        for number, (path, count) in enumerate(alike):
            down = 1 - estate.controls.get(path[:REGION], 1.0)
            lost = failures * count / machines * down * down / 2
            if not lost:
                continue
            here = {
                name: quorum for name, quorum in needed.items() if path in estate.replicas[name]
            }
            left = _figure(estate.without(path), here) if number < MOST_WEAK else NOTHING_KNOWN
            least += lost * (1 - left.most)
            most += lost * (1 - left.least)
    return least, most


@dataclass
class _Estate:
    """The domains an App stands on; `up` is the least that any venue states of one, by its path.

    `controls` is the same of the control planes, by the path of their region, and `failures` how
    many a year is stated by any machine of a venue or pool, by its path.
    """

    venues: Mapping[str, Venue]
    atlas: Atlas
    replicas: defaultdict[str, dict[Path, int]] = field(default_factory=lambda: defaultdict(dict))
    up: dict[Path, float] = field(default_factory=dict[Path, float])
    outages: dict[str, float] = field(default_factory=dict[str, float])
    unknown: set[str] = field(default_factory=set[str])
    controls: dict[Path, float] = field(default_factory=dict[Path, float])
    failures: dict[Path, float] = field(default_factory=dict[Path, float])

    def put(self, run: Run) -> None:
        """Add replicas, and what is stated of the domains around them."""
        offering = run.offering
        path = self.atlas.path(offering)
        here = self.replicas[run.component]
        here[path] = here.get(path, 0) + run.count
        venue = self.venues.get(offering.venue)
        shares: dict[Level, float] = {}
        if venue is None or venue.sla is None:
            self.unknown.add(offering.site)
        else:
            shares = {**venue.sla.shares(offering.is_machine)}
            self.outages[path[1]] = max(venue.sla.outage, self.outages.get(path[1], 0.0))
            self.steer(path, venue.sla)
        if offering.spot:  # a machine goes with all that is on it
            taken: Level = "host" if offering.is_machine else "replica"
            shares[taken] = shares.get(taken, 1.0) * offering.spot.up
        for depth, level in enumerate(LEVELS, 1):
            if (share := shares.get(level, 1.0)) < 1:
                inner = (*path, REPLICA)[:depth]
                self.up[inner] = min(share, self.up.get(inner, 1.0))

    def steer(self, path: Path, sla: Sla) -> None:
        """Note what is stated of what starts replicas there, where anything is."""
        if (share := sla.control_plane) is not None:
            self.controls[path[:REGION]] = min(share, self.controls.get(path[:REGION], 1.0))
            most = max(sla.failures_per_year, self.failures.get(path[:VENUE], 0.0))
            self.failures[path[:VENUE]] = most

    def alike(self, venue: Path, needed: Needed) -> Sequence[tuple[Path, int]]:
        """One of the machines in use of each kind, with how many there are."""
        kinds: dict[object, Path] = {}
        counts = Counter[object]()
        paths = (path for name in needed for path in self.replicas[name])
        for path in dict.fromkeys(path for path in paths if path[:VENUE] == venue):
            shares = self.up.get(path, 1.0), self.up.get((*path, REPLICA), 1.0)
            kind = path[:-1], shares, tuple(self.replicas[n].get(path, 0) for n in needed)
            kinds.setdefault(kind, path)
            counts[kind] += 1
        return [(path, counts[kind]) for kind, path in kinds.items()]

    def without(self, path: Path) -> _Estate:
        """Where that machine has failed, and what is around it is up."""
        replicas: defaultdict[str, dict[Path, int]] = defaultdict(dict)
        for name, here in self.replicas.items():
            replicas[name] = {other: count for other, count in here.items() if other != path}
        around = {path[:depth] for depth in range(1, REGION + 1)}
        up = {each: share for each, share in self.up.items() if each not in around}
        return replace(self, replicas=replicas, up=up)

    def weak(self) -> dict[Weak, list[float]]:
        """What is stated of the domains that may fail, by their kind."""
        found: dict[Weak, list[float]] = {}
        for path, share in self.up.items():
            found.setdefault(_kind(path), []).append(share)
        return found

    def tree(self, needed: Needed, unless: Weak | None = None) -> Domain:
        """What the components stand on; the kind `unless` never fails."""
        paths = dict.fromkeys(p for name in needed for p in self.replicas[name])
        return Domain(parts=tuple(self.domains(paths, 0, needed, unless)))

    def domains(
        self, paths: Iterable[Path], depth: int, needed: Needed, unless: Weak | None
    ) -> Iterator[Domain]:
        """The domains of one level that these paths lead through."""
        if LEVELS[depth] == "host":
            yield from self.hosts(paths, needed, unless)
            return
        groups: dict[str, list[Path]] = {}
        for path in paths:
            groups.setdefault(path[depth], []).append(path)
        for members in groups.values():
            up = self.share(members[0][: depth + 1], unless)
            yield Domain(up=up, parts=tuple(self.domains(members, depth + 1, needed, unless)))

    def hosts(self, paths: Iterable[Path], needed: Needed, unless: Weak | None) -> Iterator[Domain]:
        """The hosts, those that are alike as one; of what never fails a quorum is as good as many.

        There may be ten thousand of them.
        """
        alike = Counter(
            (
                self.share(path, unless),
                self.share((*path, REPLICA), unless),
                tuple((n, here[path]) for n in needed if path in (here := self.replicas[n])),
            )
            for path in paths
        )
        for (up, each, replicas), count in alike.items():
            parts = (
                Domain(
                    up=each, component=name, count=min(many, needed[name]) if each == 1 else many
                )
                for name, many in replicas
            )
            yield Domain(up=up, parts=tuple(parts), count=count)

    def share(self, path: Path, unless: Weak | None) -> float:
        stated = self.up.get(path, 1.0)
        return 1.0 if stated < 1 and unless == _kind(path) else stated


def _kind(path: Path) -> Weak:
    level = LEVELS[len(path) - 1]
    return level, path[0] if level == "vendor" else path[1]


def _described(weak: Weak, shares: Sequence[float]) -> str:
    """Domains of one kind in words, with what is stated of the weakest."""
    level, name = weak
    if level in ("vendor", "venue"):
        return f"the {level} {name} ({percent(min(shares))})"
    what = "machine" if level == "host" else level
    if len(shares) == 1:
        return f"the {what} of {name} ({percent(shares[0])})"
    alike = "each" if len(set(shares)) == 1 else "the weakest"
    return f"the {what}s of {name} ({percent(min(shares))} {alike})"
