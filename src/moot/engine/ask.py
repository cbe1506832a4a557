"""Ask venues many things at once; one that does not answer in time holds up no other."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from moot.engine.slots import GRACE_S, Job, Slots
from moot.engine.venues import Venues
from moot.model.diagnostic import BadInput
from moot.provider import Provider, ProviderError

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What to ask a venue about things of a type, and how it is called in the trace."""

    venue: str
    type: str
    what: str
    call: Callable[[Provider], T]


def ask(
    questions: Mapping[K, Question[T]], venues: Venues, slots: Slots
) -> dict[K, T | ProviderError]:
    """An answer to each, or why there is none.

    Those that are open when nobody has answered for as long as a call may take are given up.
    """
    answers: queue.SimpleQueue[tuple[K, T | ProviderError]] = queue.SimpleQueue()
    jobs = {key: _job(key, question, venues, answers) for key, question in questions.items()}
    kinds = {(q.venue, q.type) for q in questions.values()}
    bound_s = max((venues.schema(*kind).call_timeout_s for kind in kinds), default=0.0) + GRACE_S
    for key, job in jobs.items():
        slots.submit(questions[key].venue, job)
    found: dict[K, T | ProviderError] = {}
    while len(found) < len(jobs):
        try:
            key, answer = answers.get(timeout=bound_s)
        except queue.Empty:
            break
        found[key] = answer
    for key in jobs.keys() - found.keys():
        slots.abandon(questions[key].venue, jobs[key])
        found[key] = ProviderError("ServiceTimeout", "it did not answer in time")
    return found


def _job(
    key: K,
    question: Question[T],
    venues: Venues,
    answers: queue.SimpleQueue[tuple[K, T | ProviderError]],
) -> Job:
    def job() -> None:
        try:
            answers.put((key, venues.call(question.venue, question.what, question.call)))
        except (ProviderError, BadInput) as error:
            answers.put((key, unanswered(error)))

    return job


def unanswered(error: ProviderError | BadInput) -> ProviderError:
    """A venue that is not configured any more fails like one that cannot be reached."""
    if isinstance(error, ProviderError):
        return error
    first = error.diagnostics[0]
    return ProviderError("InvalidRequest", first.summary, remedy=first.remedy)
