"""The slots of a service: labels of it, one per replica, that bear the replica's marks.

A task cannot be marked, and Swarm makes a new one whenever one ends.  What is ours is the place
that a task stands in.  As many replicas as there are slots is what the service is told to run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from moot.providers.docker.swarm.cluster import Task

PREFIX = "moot.slot."
_INDEX = re.compile(r"-(\d+)(?:-r(\d+))?$")
_OVER = frozenset({"shutdown", "remove"})


def is_slot(label: str) -> bool:
    """Whether a label of a service is one of its slots."""
    return label.startswith(PREFIX)


def names_of(labels: Mapping[str, str]) -> list[str]:
    """The slots of a service by name, in the order of their replicas."""
    names = (label.removeprefix(PREFIX) for label in labels if is_slot(label))
    return sorted(names, key=_order)


def marks_at(labels: Mapping[str, str], name: str) -> dict[str, str] | None:
    """The labels that a slot bears, None where there is no such slot."""
    text = labels.get(PREFIX + name)
    return None if text is None else json.loads(text)


def put(spec: dict[str, Any], name: str, marks: Mapping[str, str] | None) -> None:
    """Add a slot to a service's specification, or with None take it away."""
    if marks is None:
        spec["Labels"].pop(PREFIX + name, None)
    else:
        spec["Labels"][PREFIX + name] = json.dumps(dict(marks), sort_keys=True)
    spec["Mode"] = {"Replicated": {"Replicas": len(names_of(spec["Labels"]))}}


def seated(names: Iterable[str], tasks: Iterable[Task]) -> dict[str, Task]:
    """Which task stands for which slot: replica 0 is task slot 1, where there is such a one.

    Swarm chooses which task goes when there are fewer; the rest then move up.
    """
    newest: dict[int, Task] = {}
    for task in tasks:
        slot = int(task.get("Slot") or 0)
        if slot not in newest or _age(newest[slot]) < _age(task):
            newest[slot] = task
    order = sorted(names, key=_order)
    live = {number for number, task in newest.items() if not _is_over(task)}
    found = {name: newest.pop(n) for name in order if (n := _order(name)[0] + 1) in live}
    left = iter(sorted(newest.items(), key=lambda pair: (_is_over(pair[1]), pair[0])))
    for name in order:
        if name not in found and (pair := next(left, None)):
            found[name] = pair[1]
    return found


def _age(task: Task) -> tuple[bool, str]:
    """Later is newer, and one that is to run is newer than any that is not."""
    return not _is_over(task), str(task["CreatedAt"])


def _is_over(task: Task) -> bool:
    return task["DesiredState"] in _OVER


def _order(name: str) -> tuple[int, int]:
    found = _INDEX.search(name)
    return (int(found[1]), int(found[2] or 1)) if found else (0, 1)
