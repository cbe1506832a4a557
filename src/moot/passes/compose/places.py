"""Where a component says what decides where it can run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moot.model.conflict import Aspect
from moot.model.position import Position
from moot.passes.compose.node import Node

_RESERVED = ("deploy", "resources", "reservations")
_KEYS: Mapping[Aspect, Sequence[tuple[str, ...]]] = {
    "replicas": (("deploy", "replicas"), ("scale",)),
    "cpu": ((*_RESERVED, "cpus"),),
    "memory": ((*_RESERVED, "memory"), ("mem_reservation",)),
    "disk": (("x-moot", "disk"),),
    "trait": (("gpus",), (*_RESERVED, "devices")),
    "gpus": (("x-moot", "gpu"), ("gpus",), (*_RESERVED, "devices")),
    "volumes": (("volumes",),),
    "near": (("x-moot", "near"),),
    "apart": (("x-moot", "apart"),),
    "latency": (("x-moot", "latency"),),
    "isolation": (("x-moot", "isolation"),),
    "segmentation": (("x-moot", "segmentation"),),
    "recipe": (("x-moot", "recipe"),),
    "spot": (("x-moot", "spot"),),
}


def places(node: Node) -> dict[str, Position]:
    """By aspect the place of the first of its keys that is stated, of each latency too, and of
    `devices`, which are one of the ways to ask for GPUs.
    """
    found: dict[str, Position] = {}
    for aspect, keys in _KEYS.items():
        stated = (node.get(*key) for key in keys)
        first = next((child for child in stated if child is not None), None)
        if first is not None:
            found[aspect] = first.key_place
    if (devices := node.get(*_RESERVED, "devices")) is not None:
        found["gpus.devices"] = devices.key_place
    for other, most in node.items("x-moot", "latency"):
        found[f"latency.{other}"] = most.key_place
    return found
