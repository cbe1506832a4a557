"""What a command works with: its line taken apart, and moot itself on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from moot.cli.arguments import Invocation
from moot.cli.output import Output
from moot.cli.times import duration

if TYPE_CHECKING:
    from moot.service import Moot, Selection

    Opener = Callable[[Selection, Mapping[str, str], Callable[[str], None] | None], Moot]


class Call:
    """What a command's function works with: the Invocation, and moot itself on demand."""

    def __init__(
        self, invocation: Invocation, environ: Mapping[str, str], out: Output, opener: Opener | None
    ) -> None:
        self.invocation = invocation
        self.environ = environ
        self._out = out
        self._opener = opener
        self._moot: Moot | None = None

    @property
    def moot(self) -> Moot:
        """The facade for the App and the venues that the common options select."""
        if self._moot is None:
            self._moot = self._open()
        return self._moot

    @property
    def tracing(self) -> bool:
        """Whether MOOT_TRACE asks for a line per venue call."""
        return traced(self.environ)

    @property
    def _takes_a_lease(self) -> bool:
        """Such a command refuses by itself where the database is in doubt."""
        return self.invocation.command is not None and 5 in self.invocation.command.exits

    def close(self) -> None:
        """Let go of whatever was opened."""
        if self._moot is not None:
            self._moot.close()

    def _open(self) -> Moot:
        from moot.service import Moot, Selection

        given = self.invocation
        selection = Selection(
            files=given.values("file"),
            name=given.value("project-name"),
            profiles=given.values("profile"),
            env_files=given.values("env-file"),
            folder=given.value("project-directory"),
            venues=given.values("venue"),
            max_age_s=duration("--max-age", given.value("max-age")),
        )
        trace = (lambda line: self._out.message(f"trace: {line}")) if self.tracing else None
        moot = (self._opener or Moot)(selection, self.environ, trace)
        if not self._takes_a_lease:
            self._out.warn(moot.doubts())
        return moot


def traced(environ: Mapping[str, str]) -> bool:
    """Whether MOOT_TRACE is set to something other than nothing or 0."""
    return environ.get("MOOT_TRACE", "0") not in {"", "0"}
