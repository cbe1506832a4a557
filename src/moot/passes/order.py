"""Changes -> Plan: who waits for whom, so that order is edges and never phases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from moot.model.app import Condition
from moot.model.plan import READY, Change, Create, Delete, Plan, Update, Wait
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import Ref, unknowns
from moot.passes.untangle import Edges, untangle

MAKES = "gate makes"

C = TypeVar("C", Delete, Update)


def order(
    changes: Sequence[Change],
    wanted: Mapping[str, Resource],
    standing: Mapping[str, Sequence[ConfigurationItem]],
) -> Plan:
    """Give every change its waits and put the changes in an order that respects them.

    What is needed comes first; what is replaced ends after its successor is ready, or before it
    starts where it is exclusive or says `stop-first`; what nobody wants ends last.  A hard wait
    protects a thing; the others only prefer an order and yield where they would tangle: first those
    that keep removals for the end, then the soft ones, then those that keep replicas in turns.
    """
    desk = _Desk(tuple(changes), wanted, standing)
    for change in changes:
        match change:
            case Create():
                desk.create(change)
            case Update():
                desk.update(change)
            case Delete():
                desk.delete(change)
    desk.roll()
    desk.gates[READY] = desk.readiness()
    return desk.plan()


@dataclass
class _Desk:
    changes: tuple[Change, ...]
    wanted: Mapping[str, Resource]
    standing: Mapping[str, Sequence[ConfigurationItem]]
    gates: dict[str, list[Wait]] = field(default_factory=dict[str, list[Wait]])

    def __post_init__(self) -> None:
        self.hard: dict[str, list[Wait]] = {c.key: [] for c in self.changes}
        self.soft: defaultdict[str, list[Wait]] = defaultdict(list)
        self.last: defaultdict[str, list[Wait]] = defaultdict(list)
        self.turns: defaultdict[str, list[Wait]] = defaultdict(list)
        self.made = {c.address: c for c in self.changes if not isinstance(c, Delete)}
        self.ended = {c.key: c for c in self.changes if isinstance(c, Delete)}
        self.mains: dict[str, list[Resource]] = {}
        self.ways: dict[str, list[Resource]] = {}
        for want in self.wanted.values():
            if want.replica:
                found = self.mains if want.main else self.ways
                found.setdefault(component(want.replica), []).append(want)
        self.holders = _by_claim((c, c.have.exclusive) for c in self.ended.values())
        self.leavers = _by_claim(
            (c, c.have.exclusive - c.want.exclusive)
            for c in self.made.values()
            if isinstance(c, Update)
        )
        self.dependants: dict[str, list[ConfigurationItem]] = {}
        for items in self.standing.values():
            for item in items:
                for target in item.depends_on:
                    self.dependants.setdefault(target, []).append(item)
        self.claims = {claim for c in self.made.values() for claim in c.want.exclusive}
        self.turned = self.turn()

    def readiness(self) -> list[Wait]:
        """What must hold in the end: replicas made now, and those that still start, are ready."""
        made = [self.ready(c) for c in self.made.values() if isinstance(c, Create) and c.want.main]
        starting = [
            Wait(None, want.address, want.ready)
            for mains in self.mains.values()
            for want in mains
            if want.address not in self.made
            and any(item.status == "starting" for item in self.standing.get(want.address, ()))
        ]
        return made + starting

    def turn(self) -> set[str]:
        """Addresses whose replacement stops the old before it starts the new.

        Where a replica's main thing does, all that serves the same replica and stands on it does.
        """
        turned = {
            c.address
            for c in self.changes
            if isinstance(c, Create)
            and c.replaces
            and (c.want.order == "stop-first" or c.want.exclusive & c.replaces.exclusive)
        }
        fresh = set(turned)
        while fresh:
            replicas = {(a, self.wanted[a].replica) for a in fresh if self.wanted[a].replica}
            fresh = {
                str(item.address)
                for address, replica in replicas
                for item in self.dependants.get(address, ())
                if item.replica == replica and item.address in self.wanted
            } - turned
            turned |= fresh
        return turned

    def create(self, change: Create) -> None:
        want = change.want
        self.hard[change.key] += self.needs(want)
        self.claim(change)
        if change.replaces and want.address in self.turned:
            self.hard[change.key].append(
                Wait(f"delete {want.address}#{change.replaces.incarnation}")
            )

    def update(self, change: Update) -> None:
        """A thing that stays waits for new values, not for conditions: it runs already."""
        waits = self.hard[change.key]
        for target in change.want.depends_on:
            if made := self.made.get(target):
                waits.append(Wait(made.key))
        self.claim(change)

    def delete(self, change: Delete) -> None:
        """After what stands on it is gone and, unless it makes room, its successor is ready."""
        have, soft = change.have, self.soft[change.key]
        if change.address in self.turned and change.replaced_by:
            soft += self.needs_of_turned(change.address)
            self.hard[change.key] += [
                Wait(f"delete {item.address}#{item.incarnation}")
                for item in self.dependants.get(change.address, ())
                if item.replica == have.replica and self.ends(item)
            ]
            return
        targets = [change.address]
        successor = self.made.get(change.address)
        if isinstance(successor, Create):
            soft.append(self.ready(successor))
        else:
            last = have.main and have.replica and component(have.replica) not in self.mains
            targets += [component(str(have.replica))] if last else []
            if not have.exclusive & self.claims:
                self.gates.setdefault(MAKES, [self.ready(c) for c in self.made.values()])
                self.last[change.key].append(Wait(MAKES))
        for target in targets:
            if target in self.dependants:
                self.hard[change.key].append(Wait(self.gone(target)))
                soft.append(Wait(self.moved(target)))

    def needs(self, want: Resource) -> list[Wait]:
        """What must be there first: declared edges, what it stands on, and what it refers to."""
        waits: dict[Wait, None] = {}
        for edge in want.edges:
            waits.update(dict.fromkeys(self.reach(edge.target, edge.condition)))
        referred = {u.address for u in unknowns(want.properties) if isinstance(u, Ref)}
        for target in sorted(referred | ({want.on} if want.on else set())):
            waits.update(dict.fromkeys(self.reach(target, "exists")))
        return list(waits)

    def needs_of_turned(self, address: str) -> list[Wait]:
        """What must be there before an old thing makes room: all that its successor will need.

        Not what is turned with it, but what that needs in its turn: none of it is made yet.
        """
        waits: dict[Wait, None] = {}
        seen, rest = {address}, [address]
        while rest:
            made = self.made.get(rest.pop())
            if not isinstance(made, Create):
                continue
            turned = self.turned.intersection(made.want.depends_on) - seen
            behind = {a for a in turned if self.wanted[a].replica == made.want.replica}
            mine = {self.made[a].key for a in behind if a in self.made}
            waits.update((w, None) for w in self.needs(made.want) if w.change not in mine)
            seen |= behind
            rest += sorted(behind)
        return list(waits)

    def reach(self, target: str, condition: Condition) -> list[Wait]:
        """The waits for one thing; for all of a component, healthy means reachable as well."""
        if target in self.mains:
            gate = f"gate {target} {condition}"
            if gate not in self.gates:
                ways = self.ways.get(target, ()) if condition == "healthy" else ()
                self.gates[gate] = [
                    *(
                        w
                        for main in self.mains[target]
                        for w in self.reach(main.address, condition)
                    ),
                    *(w for way in ways for w in self.reach(way.address, "exists")),
                ]
            return [Wait(gate)] if self.gates[gate] else []
        made = self.made.get(target)
        if made is None and (condition == "exists" or target not in self.wanted):
            return []  # a component without replicas: all of them have reached it
        if condition == "exists":
            return [Wait(made.key if made else None)]
        return [Wait(made.key if made else None, target, condition)]

    def claim(self, change: Create | Update) -> None:
        """After the end of whatever holds what this one claims for itself alone.

        Where another holder does or will share it, as replicas may share a volume, each gives way
        to its own successor only.
        """
        have = change.replaces if isinstance(change, Create) else change.have
        for claim in sorted(change.want.exclusive):
            shared = have is not None and claim in have.exclusive
            for ended in self.holders.get(claim, ()):
                successor = self.wanted.get(ended.address)
                shares = shared or (successor and claim in successor.exclusive)
                if ended.address == change.address or not shares:
                    self.hard[change.key].append(Wait(ended.key))
            self.soft[change.key] += [Wait(other.key) for other in self.leavers.get(claim, ())]

    def ends(self, item: ConfigurationItem) -> bool:
        return f"delete {item.address}#{item.incarnation}" in self.ended

    def gone(self, target: str) -> str:
        """The gate that opens when nothing that is to end stands on `target` any more."""
        gate = f"gate gone from {target}"
        if gate not in self.gates:
            self.gates[gate] = [
                Wait(f"delete {item.address}#{item.incarnation}")
                for item in self.dependants[target]
                if self.ends(item)
            ]
        return gate

    def moved(self, target: str) -> str:
        """The gate that opens when what stood on `target` and goes on has its new values."""
        gate = f"gate moved from {target}"
        if gate not in self.gates:
            addresses = dict.fromkeys(str(item.address) for item in self.dependants[target])
            self.gates[gate] = [self.ready(self.made[a]) for a in addresses if a in self.made]
        return gate

    def ready(self, change: Create | Update) -> Wait:
        if isinstance(change, Update) or change.want.ready == "exists":
            return Wait(change.key)
        return Wait(change.key, change.address, change.want.ready)

    def roll(self) -> None:
        """Replicas that are replaced go in turns of `parallelism`; broken ones wait for nobody."""
        by_replica: dict[str, list[Change]] = {}
        for change in self.changes:
            thing = change.have if isinstance(change, Delete) else change.want
            if thing.replica:
                by_replica.setdefault(thing.replica, []).append(change)
        for mains in self.mains.values():
            rolling = [main for main in mains if self.rolls(main)]
            for position, main in enumerate(rolling):
                rollout = main.rollout
                if rollout is None or not 0 < rollout.parallelism <= position:
                    continue
                before = str(rolling[position - rollout.parallelism].replica)
                gate = f"gate {before}"
                self.gates.setdefault(gate, [self.settled(c) for c in by_replica[before]])
                for change in by_replica[str(main.replica)]:
                    self.turns[change.key].append(Wait(gate, delay_s=rollout.delay_s))

    def rolls(self, main: Resource) -> bool:
        made = self.made.get(main.address)
        return isinstance(made, Create) and bool(made.replaces) and made.reason != "failed"

    def settled(self, change: Change) -> Wait:
        return Wait(change.key) if isinstance(change, Delete) else self.ready(change)

    def plan(self) -> Plan:
        edges = Edges(
            hard={**_names(self.hard), **_names(self.gates)},
            soft=(_names(self.last), _names(self.soft), _names(self.turns)),
        )
        sequence, dropped = untangle(edges)
        position = {name: index for index, name in enumerate(sequence)}

        def after(key: str) -> Iterator[Wait]:
            yield from self.hard[key]
            for layer in (self.last, self.soft, self.turns):
                yield from (w for w in layer.get(key, ()) if (key, w.change) not in dropped)

        def waiting(change: Change) -> Change:
            waits = tuple(dict.fromkeys(after(change.key)))
            return replace(change, after=waits) if waits else change

        changes = map(waiting, sorted(self.changes, key=lambda c: position[c.key]))
        return Plan(tuple(changes), {name: tuple(waits) for name, waits in self.gates.items()})


def component(replica: str) -> str:
    """The component a replica belongs to: `shop/web/0` is one of `shop/web`."""
    return replica.rpartition("/")[0]


def _by_claim(changes: Iterable[tuple[C, frozenset[str]]]) -> dict[str, list[C]]:
    found: dict[str, list[C]] = {}
    for change, claims in changes:
        for claim in claims:
            found.setdefault(claim, []).append(change)
    return found


def _names(waits: Mapping[str, Iterable[Wait]]) -> dict[str, list[str]]:
    return {key: [w.change for w in many if w.change] for key, many in waits.items()}
