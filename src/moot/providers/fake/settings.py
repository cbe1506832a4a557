"""What `venues.yaml` may say about a fake venue, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, get_args

from moot.model.value import JSON
from moot.model.venue import Offering
from moot.provider import CreateClass, Env, ErrorCode

RUNS = frozenset({"runs:process", "runs:container"})
NUMBER = {"type": "number", "minimum": 0}
COUNT = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}

OFFERING_SCHEMA: JSON = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": TEXT,
        "cpu": NUMBER,
        "memory_mib": COUNT,
        "gpus": COUNT,
        "hourly": {"type": ["number", "null"], "minimum": 0, "description": "null is unknown"},
        "currency": {**TEXT, "description": "of `hourly`; EUR where nothing is said"},
        "region": TEXT,
        "zone": TEXT,
        "machine": TEXT,
        "reach": TEXT,
        "names": {"type": "boolean"},
        "traits": {"type": "array", "items": TEXT},
    },
}
FAULT_SCHEMA: JSON = {
    "type": "object",
    "required": ["code"],
    "additionalProperties": False,
    "properties": {
        "verb": {"enum": ["create", "read", "update", "delete", "list"]},
        "address": {**TEXT, "description": "a pattern with * and ?; for list, the type"},
        "code": {"enum": list(get_args(ErrorCode))},
        "times": {**COUNT, "description": "how often; default: always"},
        "late": {"type": "boolean", "description": "fail after the effect instead of before it"},
        "lands_after_s": {**NUMBER, "description": "fail now, have the effect so much later"},
    },
}
CONFIG_SCHEMA: JSON = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "world": {**TEXT, "description": "the file that keeps the world, or `memory`"},
        "host": {**TEXT, "description": "the machine it is, which others reach by that name"},
        "silent": {"type": "boolean", "description": "it answers nothing, as if it were dead"},
        "offerings": {"type": "array", "items": OFFERING_SCHEMA},
        "create_class": {"enum": list(get_args(CreateClass))},
        "latency_s": {**NUMBER, "description": "how long every call takes"},
        "pending": {**COUNT, "description": "answers of Pending before a change is Done"},
        "pending_s": {**NUMBER, "description": "the pause that a Pending asks for"},
        "starts_within_s": {**NUMBER, "description": "how long a process takes to start"},
        "list_lag_s": {**NUMBER, "description": "how long a new thing is missing from lists"},
        "page_size": {"type": "integer", "minimum": 1},
        "settles_within_s": {**NUMBER, "description": "the longest that a fault may land later"},
        "faults": {"type": "array", "items": FAULT_SCHEMA},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Calls of `verb` on an address that matches fail with `code`, `times` times (None: always).

    `late`: the call has its effect first, as when an answer is lost on its way back.
    `lands_after_s`: it has its effect so many seconds later, as when a request is stuck on its way.
    """

    verb: Literal["create", "read", "update", "delete", "list"] = "create"
    address: str = "*"
    code: ErrorCode
    times: int | None = None
    late: bool = False
    lands_after_s: float | None = None

    def hits(self, verb: str, address: str) -> bool:
        """Whether it is meant for a call of `verb` on `address`."""
        return verb == self.verb and fnmatchcase(address, self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the fake venue behaves.  `path` None keeps its world in memory only."""

    path: Path | None
    offerings: tuple[Offering, ...]
    silent: bool = False
    create_class: CreateClass = "NAME"
    latency_s: float = 0.0
    pending: int = 0
    pending_s: float = 0.01
    starts_within_s: float = 0.0
    list_lag_s: float = 0.0
    page_size: int = 1000
    settles_within_s: float = 0.0
    faults: tuple[Fault, ...] = ()

    @classmethod
    def read(cls, venue: str, configuration: Mapping[str, JSON], env: Env) -> Settings:
        """The settings of a venue, which fit the schema."""
        settings = dict(configuration)
        world = settings.pop("world", None)
        host = settings.pop("host", "")
        offerings = settings.pop("offerings", None) or [{"name": "room"}]
        faults = settings.pop("faults", ())
        return cls(
            path=_path(world, env.home / "fake" / f"{venue}.sqlite3"),
            offerings=tuple(_offering(venue, entry, host) for entry in offerings),
            faults=tuple(Fault(**entry) for entry in faults),
            **settings,
        )


def _path(world: JSON, default: Path) -> Path | None:
    match world:
        case None:
            return default
        case "memory":
            return None
        case _:
            return Path(str(world)).expanduser().absolute()


def _offering(venue: str, entry: Mapping[str, JSON], host: str) -> Offering:
    """An entry of `offerings`; what it does not say is plentiful and free."""
    hourly = entry.get("hourly", 0)
    return Offering(
        venue=venue,
        name=entry["name"],
        cpu=float(entry.get("cpu", 1_000_000)),
        memory_mib=int(entry.get("memory_mib", 1_000_000_000)),
        disk_mib=1_000_000_000,
        gpus=int(entry.get("gpus", 0)),
        hourly=None if hourly is None else Decimal(str(hourly)),
        currency=entry.get("currency", "EUR"),
        region=entry.get("region", ""),
        zone=entry.get("zone", ""),
        traits=frozenset(entry.get("traits", ())) | RUNS,
        machine=entry.get("machine", host),
        reach=entry.get("reach", host),
        names=bool(entry.get("names", False)),
    )
