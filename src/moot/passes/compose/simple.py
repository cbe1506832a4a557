"""The shapes that most tables use, by name."""

from __future__ import annotations

from moot.passes.compose.record import Listed, Mapped
from moot.passes.compose.shape import Duration, Flag, Number, Size, Word
from moot.passes.compose.words import Pairs

TEXT = Word()
ANY_TEXT = Word(numbers=True, booleans=True)
TEXTS = Listed(TEXT)
TEXT_OR_TEXTS = Listed(TEXT, single=True)
FLAG = Flag()
COUNT = Number(least=0)
DURATION = Duration()
SIZE = Size()
PAIRS = Pairs()
OPTIONS = Mapped(ANY_TEXT, names=r".+")
TEXT_SCHEMA = ({"type": "string"},)
