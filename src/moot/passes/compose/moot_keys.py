"""The keys of `x-moot`, at the top of a file and in a component."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from moot.model.budget import MOST_HOURLY, Budget
from moot.model.traffic import MOST_TB_HOURLY, Traffic
from moot.model.units import fraction
from moot.passes.compose.node import Node
from moot.passes.compose.recipe_keys import RECIPE
from moot.passes.compose.record import Key, Listed, Mapped, Record
from moot.passes.compose.shape import Anything, Checked, Flag, Number, Scope, Size, Word
from moot.passes.compose.short import of
from moot.passes.compose.words import Command

NAME = Word(pattern=r"[a-zA-Z0-9][a-zA-Z0-9_.@:-]*", means="a name")  # lab:h1 is one, too
NAMES = Listed(NAME, single=True)
_AMOUNT = r"[0-9]+(\.[0-9]+)?"
_PERIOD = "(hour|day|week|month|year)"
_BUDGET = rf"{_AMOUNT} [A-Z]{{3}}/{_PERIOD}"
_LATENCY = Word(pattern=rf"{_AMOUNT} ms", means="a time such as '10 ms'")
_SENT = rf"{_AMOUNT} (MB|GB|TB)/{_PERIOD}"
_NOT_YET = "This is not there yet."
_SEGMENTATION = Key(
    Word(choices=("required",)),
    "required: refuse venues that cannot deny connections between networks.",
)
_SPOT = Word(choices=("never", "allowed", "only"))

MOST_GPUS = 10_000  # of one replica
_DISK = Checked(Size(), lambda text: int(text) <= 1024**5, "a size of at most 1P, such as 20G")


def _read_by(read: Callable[[str], object]) -> Callable[[Any], bool]:
    """Whether a value is one of which `read` makes something, and raises no ValueError."""

    def is_read(value: Any) -> bool:
        try:
            read(str(value))
        except ValueError:
            return False
        return True

    return is_read


_TRAFFIC = Checked(
    Word(pattern=_SENT, means="an amount such as '200 GB/month'"),
    _read_by(partial(Traffic.of, "")),
    f"an amount of at most {MOST_TB_HOURLY} TB/hour, such as '200 GB/month'",
)


def _is_gpus(value: Any) -> bool:
    """Whole ones, or thousandths of one."""
    if value == "all":
        return True
    return float(value).is_integer() or (value < 1 and round(value * 1000) / 1000 == value)


def _one_resource(node: Node, path: str, scope: Scope) -> Node | None:
    """Properties may hold anything, references included; they must be a mapping."""
    if re.fullmatch(r"[a-z0-9]+(\.[A-Za-z0-9_]+)+", str(node.scalar("type"))):
        return node
    scope.wrong(node.get("type") or node, f"{path}.type", "a type such as aws.s3_bucket")
    return None


RESOURCE = Record(
    "a native resource",
    {
        "type": Key(Word(), "Its type, such as aws.s3_bucket."),
        "venue": Key(NAME, "The venue it is made in."),
        "properties": Key(Anything(dict), "Its properties, as the venue knows them."),
    },
    required=("type", "venue"),
    extensions=False,
    ready=_one_resource,
)

PROCESS = Record(
    "'x-moot.process'",
    {
        "command": Key(
            Command(by_shell=True, refs=True),
            "The command; $NAME in it is the environment of the replica.",
        ),
        "working_dir": Key(Word(), "Folder it is started in."),
        "port": Key(
            Word(choices=("fixed",)),
            "fixed: it listens on its declared ports and cannot be told otherwise by $PORT.",
        ),
    },
    required=("command",),
    short=lambda node, path, scope: (
        of(node, {}).but({"command": node})
        if isinstance(node.value, str | list)
        else scope.wrong(node, path, "a command or a mapping with 'command'")
    ),
    short_schema=({"type": "string"}, {"type": "array", "items": {"type": "string"}}),
    extensions=False,
)


def _one_origin(node: Node, path: str, scope: Scope) -> Node | None:
    """A secret is asked for in one way."""
    if len(dict(node.items())) == 1:
        return node
    return scope.wrong(node, path, "either 'command' or 'keyring'")


SECRET_MOOT = Record(
    "'x-moot' of a secret",
    {
        "command": Key(Command(), "A program that prints it, started in the App's folder."),
        "keyring": Key(
            Record(
                "'x-moot.keyring'",
                {
                    "service": Key(Word(), "The service the entry is for."),
                    "user": Key(Word(), "The user the entry is for."),
                },
                required=("service", "user"),
                extensions=False,
            ),
            "An entry of the system keyring.",
        ),
    },
    extensions=False,
    ready=_one_origin,
)

TOP_MOOT = Record(
    "'x-moot'",
    {
        "availability": Key(
            Checked(Word(numbers=True), _read_by(fraction), "a share such as 99.95%"),
            "Availability of the App as its users see it.",
        ),
        "headroom": Key(
            Word(choices=("host", "zone", "region", "venue")),
            "After the loss of any one of these everything that ran there has room elsewhere.",
        ),
        "residency": Key(NAMES, "Only venues and regions with one of these traits."),
        "budget": Key(
            Checked(
                Word(pattern=_BUDGET, means="a sum such as '500 EUR/month'"),
                _read_by(Budget.of),
                f"a sum of at most {MOST_HOURLY} an hour, such as '500 EUR/month'",
            ),
            "A placement that costs more is refused; what has no price is free.",
        ),
        "spot": Key(
            _SPOT, "Whether it may run on what can be taken back; data only where its service says."
        ),
        "spread": Key(
            Record(
                "'spread'",
                {
                    "vendor": Key(
                        Number(least=1),
                        "A component's replicas are with so many vendors, or with one each.",
                    ),
                    "venue": Key(Number(least=1), "In so many venues and pools."),
                    "region": Key(Number(least=1), "In so many regions, each one of its venue's."),
                    "zone": Key(Number(least=1), "In so many zones, each one of its region's."),
                    "host": Key(Number(least=1), "On so many machines."),
                },
                extensions=False,
            ),
            "At least so many failure domains of a level.",
        ),
        "venues": Key(NAMES, "Only these venues; all that are configured if left out."),
        "resources": Key(
            Mapped(RESOURCE, names=r"[a-zA-Z0-9_][a-zA-Z0-9_-]*"),
            "Things of a venue used as they are.",
        ),
        "segmentation": _SEGMENTATION,
        "was": Key(NAME, _NOT_YET, "carried", "Take the App down under its old name."),
    },
    extensions=False,
)

COMPONENT_MOOT = Record(
    "'x-moot' of a component",
    {
        "process": Key(PROCESS, "How to run it as a plain process."),
        "isolation": Key(
            Word(choices=("process", "container", "vm", "metal")), "At least this much."
        ),
        "segmentation": _SEGMENTATION,
        "quorum": Key(Number(least=1), "So many replicas must be up for it to be; 1 if left out."),
        "retry": Key(Flag(), "Requests of any method may be sent again after a failure."),
        "was": Key(NAME, _NOT_YET, "carried", "It is made anew; volumes keep their names."),
        "scale": Key(Anything(dict), _NOT_YET, "carried", "Set 'deploy.replicas' by hand."),
        "backup": Key(Anything(dict), _NOT_YET, "carried", "Back up its volumes yourself."),
        "near": Key(NAMES, "It runs only in regions where each of these components runs."),
        "apart": Key(NAMES, "It shares no machine with any of these components."),
        "latency": Key(
            Mapped(_LATENCY, names=NAME.pattern, means=NAME.means),
            "Each replica is within so many ms, there and back, of one of that component.",
        ),
        "traffic": Key(
            Mapped(_TRAFFIC, names=NAME.pattern, means=NAME.means),
            "So much it and that component send each other: all replicas, both directions.",
        ),
        "disk": Key(_DISK, "So much disk each replica must get."),
        "gpu": Key(
            Checked(
                Number(least=0.001, most=MOST_GPUS, whole=False, words=("all",)),
                _is_gpus,
                "a whole number of GPUs, a part of one in thousandths such as 0.333, or all",
            ),
            "So many GPUs each replica has to itself, or such a part of one.",
        ),
        "spot": Key(_SPOT, "The same of this service alone, and of its data."),
        "recipe": Key(RECIPE, "What it needs on its machine before it runs there."),
    },
    extensions=False,
)
