"""Asking before something that cannot be taken back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from moot.cli.output import Output
from moot.model.diagnostic import BadInput, Diagnostic

if TYPE_CHECKING:
    from moot.cli.call import Call

YES = frozenset({"y", "yes"})


def confirmed(call: Call, out: Output, question: str) -> bool:
    """Whether the user agrees: by --yes, or on the terminal.  BadInput where nobody can answer."""
    if call.invocation.flag("yes"):
        return True
    if not (sys.stdin and sys.stdin.isatty()):
        raise BadInput(
            Diagnostic(
                summary="there is nobody to ask",
                detail=f"{question}  The standard input is no terminal.",
                remedy="give --yes where the answer is yes",
            )
        )
    out.message_raw(f"{question} [y/N] ")
    agreed = sys.stdin.readline().strip().lower() in YES
    if not agreed:
        out.message("nothing was changed")
    return agreed
