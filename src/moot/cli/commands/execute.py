"""`moot exec`: run a command inside a replica, on this terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from moot.cli.output import Output

if TYPE_CHECKING:
    from moot.cli.call import Call


def execute(call: Call, out: Output) -> int:
    """The exit code is the command's own."""
    given = call.invocation
    replica, *argv = given.arguments
    interactive = all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout))
    return call.moot.execute(
        replica,
        argv,
        tty=interactive and not given.flag("no-tty"),
        environment=variables(given.values("env"), call.environ),
        working_dir=given.value("workdir"),
        user=given.value("user"),
    )


def variables(words: tuple[str, ...], environ: Mapping[str, str]) -> dict[str, str]:
    """What `-e` sets: NAME=VALUE as it stands, NAME alone from this shell where it is set there."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            found[name] = value
        elif name in environ:
            found[name] = environ[name]
    return found
