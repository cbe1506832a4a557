"""Carry out a command line: call the command's function, turn how it ends into an exit code."""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from typing import TYPE_CHECKING

from moot.cli.arguments import UsageError, parse
from moot.cli.call import Call, traced
from moot.cli.output import Output
from moot.model.diagnostic import BadInput, Diagnostic, Failure

if TYPE_CHECKING:
    from moot.cli.call import Opener

COLLECTED_AFTER = (400_000, 20, 50)  # a command makes much and drops little before it ends


def run(argv: list[str], opener: Opener | None = None) -> int:
    """The exit code of `argv`.  `opener` makes the facade; by default it is `Moot` itself."""
    gc.set_threshold(*COLLECTED_AFTER)
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
