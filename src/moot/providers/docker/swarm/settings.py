"""What the user says of a swarm in the venue's settings."""

from __future__ import annotations

from dataclasses import dataclass

from moot.model.value import JSON

_TEXT = {"type": "string"}

SCHEMA: JSON = {
    "anyOf": [
        {"type": "boolean"},
        {
            "type": "object",
            "properties": {
                "mesh": {
                    "type": "boolean",
                    "description": "false where a kernel lacks IPVS: names lead to replicas by "
                    "DNS, and ports are published on the node of a replica only",
                },
                "constraints": {
                    "type": "array",
                    "items": _TEXT,
                    "description": "for every service, such as `node.labels.disk == ssd`",
                },
                "nodes": {
                    "type": "array",
                    "items": _TEXT,
                    "description": "addresses of the other nodes' Engines: what no registry has is "
                    "sent there as well, and may run there",
                },
            },
            "additionalProperties": False,
        },
    ],
    "description": "a service per component, on the swarm that this Engine manages",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """`mesh`: one virtual address per service, and published ports on every node.

    `nodes` are addresses of all Engines but the manager's, which get what no registry has.
    """

    mesh: bool = True
    constraints: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: JSON) -> Settings | None:
        """None where the Engine is to be used by itself."""
        if not isinstance(given, dict):
            return cls() if given else None
        constraints, nodes = given.get("constraints") or (), given.get("nodes") or ()
        return cls(
            bool(given.get("mesh", True)), tuple(map(str, constraints)), tuple(map(str, nodes))
        )
