"""The command line: the console entry point, and the one answer that must cost next to nothing."""

from __future__ import annotations

import gc
import sys

INTERRUPTED = 130
# Nearly all that a command makes is there until its end: to look for cycles among it as often as
# Python does by itself is a tenth of the time.
COLLECT_EVERY = 50_000  # new values


def main(argv: list[str] | None = None) -> int:
    """Run moot with `argv` (default: this process's own); the answer is the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    gc.set_threshold(COLLECT_EVERY)
    try:
        if arguments in (["--help"], ["-h"], ["help"]):
            return _print_overview()
        from moot.cli.run import run

        return run(arguments)
    except KeyboardInterrupt:
        _leave_threads()
        return INTERRUPTED
    finally:
        if argv is None:
            gc.freeze()  # what ends with the process need not be looked through before


def _print_overview() -> int:
    from moot.cli.help import overview

    try:
        print(overview(), end="", flush=True)
    except OSError as error:
        sys.stdout = None  # or the interpreter would fail once more when it flushes at exit
        return 0 if isinstance(error, BrokenPipeError) else 1
    return 0


def _leave_threads() -> None:
    """Do not wait for calls to venues that nobody wants the answer of any more."""
    import os
    import threading

    if threading.active_count() > 1:
        os._exit(INTERRUPTED)
