"""What is wrong in a setting that any venue may state: all of it, each by its key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from moot.model.value import JSON, encode

Read = TypeVar("Read")


class Misstated(ValueError):
    """`wrong` says of keys in the setting what is wrong there; the key "" is all of it."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(wrong.values()))
        self.wrong = wrong


def each(
    stated: Mapping[str, JSON], read: Callable[[str, JSON], Read], lacks: str = ""
) -> dict[str, Read]:
    """What `read` makes of every key and its value; Misstated with all for which it raises
    ValueError, and with what the whole `lacks`.
    """
    found: dict[str, Read] = {}
    wrong = {"": lacks} if lacks else {}
    for key, value in stated.items():
        try:
            found[str(key)] = read(str(key), value)
        except ValueError as odd:
            wrong[str(key)] = str(odd)
    if wrong:
        raise Misstated(wrong)
    return found


def written(value: JSON) -> str:
    """As YAML has it: `null` and `true`, and a text in quotation marks."""
    if isinstance(value, str):
        return repr(value)
    return json.dumps(encode(value), ensure_ascii=False, default=str)
