"""The command line: the console entry point, and the one answer that must cost next to nothing."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run moot with `argv` (default: this process's own); the answer is the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        if arguments in (["--help"], ["-h"], ["help"]):
            from moot.cli.help import overview

            sys.stdout.write(overview())
            sys.stdout.flush()
            return 0
        from moot.cli.run import run

        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = None  # or the interpreter would fail once more when it flushes at exit
        return 0
