"""`moot completion`, and the hidden `moot __complete` that its scripts ask for names."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from moot.cli.arguments import Invocation
from moot.cli.help import shared_with
from moot.cli.output import Output
from moot.cli.scripts import script
from moot.cli.table import COMMON, find

if TYPE_CHECKING:
    from moot.cli.call import Call
    from moot.service import Moot

PATIENCE_S = 3.0


def completion(call: Call, out: Output) -> int:
    """Print the script."""
    shell = call.invocation.arguments[0]
    if out.json_wanted:
        out.answer({"scripts": [{"shell": shell, "text": script(shell)}]})
    else:
        out.raw(script(shell))
    return 0


def candidates(words: list[str], open_call: Callable[[Invocation], Call], out: Output) -> int:
    """Print the names of a kind, one per line; nothing at all where that fails or takes long.

    `words` is the kind and then the command line so far, for the App and venues it selects.
    """
    signal.signal(signal.SIGALRM, lambda number, frame: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    kind, *typed = words or [""]
    try:
        call = open_call(Invocation(None, selected(typed), []))
        for name in dict.fromkeys(_KINDS[kind](call.moot)):
            out.line(name)
        call.close()
    except Exception:  # a shell that completes has no place for an error message
        return 0
    return 0


def selected(words: list[str]) -> dict[str, list[str]]:
    """The common options among `words`, which may end anywhere and hold anything."""
    options = {flag: option for option in COMMON for flag in option.flags}
    found: dict[str, list[str]] = {}
    rest = iter(words)
    for word in rest:
        flag, equals, value = word.partition("=")
        option = options.get(flag)
        if option and option.metavar:
            found.setdefault(option.name, []).append(value if equals else next(rest, ""))
        command = find(word)
        if command:
            options = {flag: option for option in shared_with(command) for flag in option.flags}
    return found


def _components(moot: Moot) -> Iterable[str]:
    return moot.config().canonical.get("services", {})


def _replicas(moot: Moot) -> Iterable[str]:
    return (replica.replica.partition("/")[2] for replica in moot.ps()[0])


def _names(moot: Moot) -> Iterable[str]:
    yield from _components(moot)
    yield from _replicas(moot)


def _providers(moot: Moot) -> Iterable[str]:
    from moot.provider import installed

    return installed()


_KINDS: dict[str, Callable[[Moot], Iterable[str]]] = {
    "apps": lambda moot: (r.replica.partition("/")[0] for r in moot.ps(all=True)[0]),
    "components": _components,
    "replicas": _names,
    "names": _names,
    "venues": lambda moot: dict.fromkeys(
        name
        for venue in moot.venue_list()
        for name in (venue.name.partition(":")[0], venue.name)  # a pool, then its machines
    ),
    "volumes": lambda moot: (volume.name for volume in moot.volume_list()),
    "addresses": lambda moot: (item.address for item in moot.inventory()[0] if item.address),
    "providers": _providers,
}
