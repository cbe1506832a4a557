"""What the tests of the store write into it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from moot.model.resource import ConfigurationItem
from moot.model.value import Ref, Secret, Text
from moot.store import Intent

ITEM = ConfigurationItem(
    type="t",
    venue="v",
    identifier="x",
    address="shop/web/0@v/process",
    incarnation=2,
    properties={"a": [1, {"b": None}]},
    applied={"s": Secret("p", "1"), "t": Text(("x", Ref("shop@v/y", "id")))},
    depends_on=("shop@v/net",),
    exclusive=frozenset({"port:1", "port:2"}),
    status="running",
    since=5.0,
)
INTENT = Intent(
    change="create a#1",
    verb="create",
    address="a",
    incarnation=1,
    token="t",
    item=ConfigurationItem(type="t", venue="v", identifier=""),
)


def record(store, item, at=1.0, cause="test", app="shop"):
    """One item, in a turn of its own."""
    with store.turn():
        store.record(app, item.address, item.incarnation, item, at, cause)


def process(script, *arguments, **options):
    """Another process that runs `script` against the code that is tested."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        **options,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
