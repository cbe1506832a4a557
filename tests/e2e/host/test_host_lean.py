"""What machines use in place of modules that are dear to import does what those do."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moot.providers.host.onhost import lean
from moot.providers.host.onhost.process import expand

VALUES: list[Any] = [
    None,
    "",
    'a "quoted"\nline \\ \u00e4 \u2028 \U0001f600 \udc80 \x00',
    -7,
    10**30,
    [0.1, 1e300, -0.0, True, False, None, [], {}],
    {"b": {"a": [1, {"c": ""}]}, "a": 1, "": ()},
    {2: 2, True: 3, None: 4, 1.5: 5},
]
BROKEN = ["", " ", "{", '{"a" 1}', "1 2", "[1,]", '"\n"', "nul", "{'a': 1}", '"\\x"']
DEAR = {"json", "re", "enum", "hashlib", "contextlib", "functools", "signal", "glob", "typing"}


@pytest.fixture(params=["_bare", "_whole"])
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C parts alone, and the module where a Python has none."""
    scan, encoder = getattr(lean, request.param)()
    monkeypatch.setattr(lean, "_scan", scan)
    monkeypatch.setattr(lean, "_encoder", encoder)


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("value", VALUES)
def test_json_is_what_json_writes_and_reads(value: Any) -> None:
    text = json.dumps(value)
    assert lean.dumps(value) == text
    assert lean.dumps(value, compact=True) == json.dumps(value, separators=(",", ":"))
    assert repr(lean.loads(f" \n{text}\t")) == repr(json.loads(text))
    assert repr(lean.loads(text.encode())) == repr(json.loads(text))


@pytest.mark.usefixtures("parts")
def test_keys_are_sorted_as_json_sorts_them() -> None:
    value = {"b": [{"z": 1, "y": 2}], "a": None}
    assert lean.dumps(value, sort_keys=True) == json.dumps(value, sort_keys=True)


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        lean.loads(text)


@pytest.mark.usefixtures("parts")
def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError):
        lean.dumps({"a": {1, 2}})


def test_digests_are_those_of_hashlib() -> None:
    assert lean.sha256(b"moot").hexdigest() == hashlib.sha256(b"moot").hexdigest()


@pytest.mark.parametrize("suppress", [lean.Suppressed, contextlib.suppress])
def test_only_the_named_exceptions_are_suppressed(suppress: Any) -> None:
    with suppress(OSError, ValueError):
        raise FileNotFoundError
    with pytest.raises(KeyError), suppress(OSError):
        raise KeyError
    with suppress():
        pass


@pytest.mark.parametrize("contextmanager", [lean.Managed, contextlib.contextmanager])
def test_blocks_begin_and_end_with_their_generator(contextmanager: Any) -> None:
    told: list[str] = []

    @contextmanager
    def block(name: str, *, swallows: bool) -> Iterator[str]:
        told.append("begun")
        try:
            yield name
        except KeyError:
            if not swallows:
                raise
        finally:
            told.append("over")

    with block("it", swallows=False) as given:
        assert given == "it"
        assert told == ["begun"]
    assert told == ["begun", "over"]
    with block("it", swallows=True):
        raise KeyError
    with pytest.raises(KeyError), block("it", swallows=False):
        raise KeyError
    assert told == ["begun", "over"] * 3


@pytest.mark.parametrize(
    "between", ["", "x", "1", "_", "{", "}", "{}", "$", "\u00e4", "\u00b2", "."]
)
def test_words_are_filled_in_as_a_pattern_would(between: str) -> None:
    """That of a name: a letter and more of them, or anything like it in braces."""
    known = {"x": "<$x>", "x1": "<x1>", "_": "<_>", "1": "<1>", "\u00e4": "<a>", "x\u00e4": "<xa>"}
    name = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))")
    for pattern in ("$", "${", "a$x", "$x", "${x", "${x1", "$$x", "$ x", "$\u00b2"):
        for word in (pattern + between, pattern + between + "}", f"{pattern}{between}1 $x}}"):
            told = name.sub(lambda found: known.get(found[1] or found[2], found[0]), word)
            assert expand(word, known) == told


def test_what_is_kept_for_an_errand_is_gone_after_it() -> None:
    asked: list[int] = []

    @lean.once
    def answer(number: int) -> int:
        asked.append(number)
        return -number

    assert [answer(1), answer(1), answer(2)] == [-1, -1, -2]
    lean.forget()
    assert answer(1) == -1
    assert asked == [1, 2, 1]


def test_a_supervisor_and_a_courier_import_nothing_dear() -> None:
    """Each of these takes a machine as long as a short errand."""
    folder = Path(lean.__file__).parent.parent
    begin = f"import sys; sys.path.append({str(folder)!r}); import onhost.serve, onhost.supervisor"
    argv = [sys.executable, "-I", "-S", "-c", f"{begin}; print(*sys.modules)"]
    there = set(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split())
    assert not DEAR & there
