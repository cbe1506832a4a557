"""Ask machines what they are, and have commands run on them: many at once, each by itself."""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event

from moot import provider as contract
from moot.engine.ask import Question, ask, unanswered
from moot.engine.slots import Slots
from moot.engine.venues import FACTS, Venues
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.machine import CommandEnd, MachineFacts
from moot.model.value import JSON
from moot.provider import Provider, ProviderError

Said = Callable[[str, str, str], None]  # venue, stream, text
NO_LIMIT_S = math.inf


def machines(names: Iterable[str], named: bool, venues: Venues, slots: Slots) -> Machines:
    """These venues; where the user has not `named` them, only those that are machines."""
    chosen = tuple(dict.fromkeys(names))
    return Machines(chosen if named else tuple(_machines_among(chosen, venues)), venues, slots)


@dataclass(frozen=True, slots=True)
class Machines:
    """Some machines.  One that does not answer is a problem of its own, and of no other."""

    names: tuple[str, ...]
    venues: Venues
    slots: Slots

    def facts(self) -> tuple[MachineFacts, ...]:
        """What they are, in the order of their names."""
        questions = {name: Question(name, FACTS, "facts", _facts) for name in self.names}
        answers = ask(questions, self.venues, self.slots)
        return tuple(_described(name, answers[name]) for name in self.names)

    def run(
        self, argv: Sequence[str], said: Said, cancelled: Event, *, timeout_s: float = NO_LIMIT_S
    ) -> Iterator[CommandEnd]:
        """Run a command on each at once; yields the ends as they come.

        `said` is called from several threads.  Once `cancelled`, every command that still runs is
        ended, and those that were not begun never are.
        """
        ends: queue.SimpleQueue[CommandEnd] = queue.SimpleQueue()
        for name in self.names:

            def command(provider: Provider, name: str = name) -> int:
                return _machine(provider).run(
                    argv,
                    said=lambda stream, text: said(name, stream, text),
                    stop=cancelled.is_set,
                    timeout_s=timeout_s,
                )

            def job(name: str = name, command: Callable[[Provider], int] = command) -> None:
                ends.put(_ended(name, self.venues, command, cancelled))

            self.slots.submit(name, job)
        for _ in self.names:
            yield ends.get()


def _ended(
    name: str, venues: Venues, command: Callable[[Provider], int], cancelled: Event
) -> CommandEnd:
    """Run it to its end, whatever that is."""
    began = time.monotonic()
    code, problem = None, None
    try:
        if not cancelled.is_set():
            code = venues.call(name, "run", command)
    except (ProviderError, BadInput) as error:
        problem = None if cancelled.is_set() else _problem(name, unanswered(error))
    took_s = time.monotonic() - began
    return CommandEnd(venue=name, exit_code=code, elapsed_s=took_s, problem=problem)


def _machines_among(names: Iterable[str], venues: Venues) -> Iterator[str]:
    for name in names:
        try:
            if isinstance(venues.provider(name), contract.Machines):
                yield name
        except (ProviderError, BadInput):
            continue  # what cannot even be loaded is no machine


def _facts(provider: Provider) -> Mapping[str, JSON]:
    return _machine(provider).facts()


def _machine(provider: Provider) -> contract.Machines:
    if isinstance(provider, contract.Machines):
        return provider
    raise ProviderError(
        "InvalidRequest",
        "it is not one machine",
        remedy="name a venue of the provider host, or a machine of such a pool",
    )


def _described(name: str, answer: Mapping[str, JSON] | ProviderError) -> MachineFacts:
    if isinstance(answer, ProviderError):
        return MachineFacts(venue=name, problem=_problem(name, answer))
    return MachineFacts(venue=name, facts=answer)


def _problem(name: str, error: ProviderError) -> Diagnostic:
    return Diagnostic(summary=f"{name}: {error.message}", remedy=error.remedy)
