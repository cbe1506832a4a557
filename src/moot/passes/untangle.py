"""Hard and soft edges -> a sequence: soft edges yield where they would close a circle."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moot.model.diagnostic import Diagnostic, Refused


@dataclass(frozen=True, slots=True)
class Edges:
    """For each node those that must (`hard`) or should (`soft`) come before it.

    `soft` stands in layers; those of the first yield first.
    """

    hard: Mapping[str, Sequence[str]]
    soft: Sequence[Mapping[str, Sequence[str]]]


def untangle(edges: Edges) -> tuple[list[str], set[tuple[str, str | None]]]:
    """All nodes after what they wait for, and the soft edges (node, before) that had to be dropped.

    Ties keep the given order.  Raises Refused where hard edges alone close a circle.
    """
    before = {node: set(many) for node, many in edges.hard.items()}
    for layer in edges.soft:
        for node, many in layer.items():
            before[node].update(many)
    sequence, left = _sorted(before)
    dropped: set[tuple[str, str | None]] = set()
    for layer in edges.soft:
        if not left:
            break
        for circle in _circles({node: before[node] & left for node in before if node in left}):
            for node in circle:
                for other in (set(layer.get(node, ())) - set(edges.hard[node])) & circle:
                    before[node].discard(other)
                    dropped.add((node, other))
        sequence, left = _sorted(before)
    if left:
        raise Refused(_circle(sorted(left)))
    return sequence, dropped


def _sorted(before: Mapping[str, set[str]]) -> tuple[list[str], set[str]]:
    """Kahn's algorithm; what is left over lies on or behind a circle."""
    count = {node: len(many & before.keys()) for node, many in before.items()}
    behind: dict[str, list[str]] = {}
    for node, many in before.items():
        for other in many:
            behind.setdefault(other, []).append(node)
    queue = deque(node for node, number in count.items() if not number)
    sequence: list[str] = []
    while queue:
        node = queue.popleft()
        sequence.append(node)
        for follower in behind.get(node, ()):
            count[follower] -= 1
            if not count[follower]:
                queue.append(follower)
    return sequence, before.keys() - set(sequence)


def _circles(before: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """Strongly connected components of more than one node (Tarjan 1972, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    stacked: set[str] = set()
    found: list[set[str]] = []
    for start in before:
        if start in index:
            continue
        work = [(start, iter(sorted(before[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        stacked.add(start)
        while work:
            node, others = work[-1]
            following = next(others, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    found.append(_popped(stack, node))
                    stacked -= found[-1]
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                stacked.add(following)
                work.append((following, iter(sorted(before[following]))))
            elif following in stacked:
                low[node] = min(low[node], index[following])
    return [circle for circle in found if len(circle) > 1]


def _popped(stack: list[str], node: str) -> set[str]:
    members: set[str] = set()
    while node not in members:
        members.add(stack.pop())
    return members


def _circle(nodes: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        summary="things wait for each other in a circle",
        detail=", ".join(nodes[:10]),
        remedy="remove one of the references or dependencies between them",
    )
