"""Plain YAML scalars by the rules of the YAML 1.2 core schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moot.passes.compose.node import Scalar

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_OCTAL = re.compile(r"0o[0-7]{1,40}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?")
_STARTS = frozenset("-+.0123456789")


def resolved(text: str) -> Scalar:
    """What the plain scalar `text` stands for.

    `yes`, `on` and `1:30` are texts, as in YAML 1.2.  `.inf` and `.nan` stay texts too: no key
    takes them, and JSON has no form for them.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _STARTS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return text if number in (float("inf"), float("-inf")) else number
    return text


def written(value: Scalar, text: str) -> str:
    """A scalar as text, where a text is wanted: as Compose prints it.

    A number with a leading zero keeps it: YAML 1.1 and 1.2 disagree about what `022` is, and
    whoever writes `UMASK: 022` means the digits.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return text if text.startswith("0") and text.isdigit() else str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case str():
            return value
