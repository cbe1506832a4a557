"""One machine as the handlers use it: errands, records and what little must be known of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from moot.model.value import JSON
from moot.provider import Marks, ProviderError
from moot.providers.host.courier import Courier
from moot.providers.host.session import digest
from moot.providers.host.survey import Record, Surveys
from moot.shell import Shell

FRESH_S = 15.0  # what it said of itself when we came is as good as asked again


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Folders of one machine, and the courier to it.

    Everything is below `data`, except port reservations, which all venues on the machine share
    (`reservations`).  `root` is the folder above `data` that is never removed.  `python` runs our
    scripts there, `path` is what processes get as PATH.  `address` is where other machines reach
    it, 127.0.0.1 for the one we are on.  `shell` is for terminals and for data too large for an
    errand, and `launcher` what stands before a command there that needs our rights (sudo).
    `own_users`: where we are root there, a component that names no user gets one of its own.
    """

    courier: Courier
    shell: Shell
    data: str
    root: str
    reservations: str
    python: str
    launcher: tuple[str, ...] = ()
    path: str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    haproxy: str = "haproxy"
    venue: str = ""
    address: str = "127.0.0.1"
    own_users: bool = False
    trace: Callable[[str, str], None] = lambda venue, line: None

    def run_folder(self, marks: Marks, name: str) -> str:
        """Where the thing with these marks lives; another installation's is another folder."""
        owner = hashlib.sha256(marks.installation.encode()).hexdigest()[:12]
        return f"{self.data}/run/{owner}/{marks.app}/{name}.{marks.incarnation}"

    def errand(
        self,
        name: str,
        *,
        timeout_s: float = 60.0,
        said: Callable[[Any], None] | None = None,
        stop: Callable[[], bool] | None = None,
        **arguments: JSON,
    ) -> Any:
        """Have an errand done there.  Raises ProviderError with what it says.

        Every one is one round trip.  `said` gets what it says meanwhile; `stop` ends it.
        """
        began, how = time.monotonic(), "ok"
        try:
            return self.courier.ask(name, arguments, timeout_s=timeout_s, said=said, stop=stop)
        except ProviderError as problem:
            how = f"{problem.code}: {problem.message}"
            raise
        finally:
            took = f"({(time.monotonic() - began) * 1000:.0f} ms)"
            self.trace(self.venue, f"errand {name} {arguments.get('folder', '')}: {how} {took}")

    def records(self, type: str) -> Iterator[Record]:
        """Everything of a type, whoever's it is, as `onhost.survey` shows it.

        One that is there and cannot be seen is neither well nor gone: then a ProviderError.
        """
        return (readable(record) for record in self._surveys.fresh() if record["type"] == type)

    def record(self, folder: str) -> Record | None:
        """One thing by its folder; None where there is none."""
        found = self.errand("look", folder=folder)
        return readable(found) if found else None

    def facts(self) -> dict[str, Any]:
        """What it is and has free now, as `onhost.facts` says it."""
        hello = self.courier.hello()
        if hello["data"] == self.data and self.courier.age_s() < FRESH_S:
            return hello["facts"]
        return self.errand("facts", data=self.data)

    def surroundings(self) -> dict[str, Any]:
        """What an errand must know to leave nothing behind."""
        return {"reservations": self.reservations, "data": self.data, "root": self.root}

    def entry(self, *words: str) -> tuple[str, ...]:
        """The command line of our program there, which stays as long as anything of ours does."""
        script = f"{self.data}/lib/{digest()}/run.py"
        return *self.launcher, self.python, "-E", "-s", "-S", script, *words

    def version_of_haproxy(self) -> tuple[int, int] | None:
        """(2, 6) for HAProxy 2.6.12; None where there is none."""
        found = self.errand("version", haproxy=self.haproxy)
        return (found[0], found[1]) if found else None

    @cached_property
    def _surveys(self) -> Surveys:
        return Surveys(lambda: self.errand("survey", data=self.data))


def readable(record: Record) -> Record:
    """The record, or a ProviderError with why the thing cannot be seen."""
    if problem := record.get("problem"):
        raise ProviderError(problem["error"], problem["message"], remedy=problem["remedy"])
    return record
