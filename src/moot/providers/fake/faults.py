"""A venue that goes wrong on purpose, where and as often as its settings say."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from moot.provider import ProviderError
from moot.providers.fake.settings import Fault
from moot.providers.fake.world import Postponed


class Faults:
    """Counts down the faults that are still to come; one object serves all threads."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._left = [[fault, fault.times] for fault in faults]
        self._lock = threading.Lock()

    @contextmanager
    def during(self, verb: str, address: str) -> Iterator[float | None]:
        """Fail the call inside, before or after its effect, if a fault is meant for it.

        Gives how many seconds later the effect is to come, None where it comes now.
        """
        fault = self._next(verb, address)
        lands_after_s = fault.lands_after_s if fault else None
        if fault and not fault.late and lands_after_s is None:
            raise ProviderError(fault.code, f"{verb} {address} fails as it was told to")
        with suppress(Postponed):
            yield lands_after_s
        if fault:
            raise ProviderError(fault.code, f"the answer to {verb} {address} was lost")

    def _next(self, verb: str, address: str) -> Fault | None:
        with self._lock:
            for entry in self._left:
                fault, times = entry
                if fault.hits(verb, address) and times != 0:
                    entry[1] = None if times is None else times - 1
                    return fault
        return None
