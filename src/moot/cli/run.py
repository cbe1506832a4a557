"""Carry out a command line: call the command's function, turn how it ends into an exit code."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from moot.cli.arguments import Invocation, UsageError, parse
from moot.cli.output import Output
from moot.model.diagnostic import BadInput, Diagnostic, Failure

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
        )
        trace = (lambda line: self._out.message(f"trace: {line}")) if self.tracing else None
        return (self._opener or Moot)(selection, self.environ, trace)


def run(argv: list[str], opener: Opener | None = None) -> int:
    """The exit code of `argv`.  `opener` makes the facade; by default it is `Moot` itself."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what it cannot show must not stop a command
            stream.reconfigure(errors="backslashreplace")
    out = Output(os.environ, json_wanted="--json" in argv)
    if argv[:1] == ["__complete"]:
        from moot.cli.commands.completion import candidates

        return candidates(argv[1:], lambda given: Call(given, os.environ, out, opener), out)
    try:
        return _carry_out(argv, out, opener)
    except Failure as failure:
        out.fail(failure.diagnostics)
        return failure.exit_code
    except Exception as error:  # the last resort: a defect of ours must still read like an answer
        if traced(os.environ):
            import traceback

            traceback.print_exc()
        out.fail([_machine_refused(error) if isinstance(error, OSError) else _internal(error)])
        return 1


def traced(environ: Mapping[str, str]) -> bool:
    """Whether MOOT_TRACE is set to something other than nothing or 0."""
    return environ.get("MOOT_TRACE", "0") not in {"", "0"}


def _carry_out(argv: list[str], out: Output, opener: Opener | None) -> int:
    try:
        invocation = parse(argv)
    except UsageError as error:
        raise BadInput(Diagnostic(summary=error.summary, remedy=error.remedy)) from None
    out.json_wanted = invocation.flag("json")
    if invocation.help or invocation.command is None:
        out.raw(invocation.help)
        return 0
    module, function = invocation.command.run.split(":")
    carry_out = getattr(importlib.import_module(f"moot.cli.commands.{module}"), function)
    call = Call(invocation, os.environ, out, opener)
    try:
        return carry_out(call, out)
    finally:
        call.close()


def _machine_refused(error: OSError) -> Diagnostic:
    return Diagnostic(
        summary=f"cannot use {error.filename}" if error.filename else "this machine refused",
        detail=error.strerror or str(error),
        remedy="MOOT_TRACE=1 in front of the command shows where it happened",
    )


def _internal(error: Exception) -> Diagnostic:
    return Diagnostic(
        summary="internal error",
        detail=f"{type(error).__name__}: {error}",
        remedy=(
            "this is a defect of moot, not of your file; run it again with MOOT_TRACE=1 in front\n"
            "to see the details, and please report them.  moot ps shows what stands"
        ),
    )
