"""The solver in its own process: what it answers, and that no end of it is one of ours."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from moot.engine.solver import Solver, highs
from moot.model.programme import Answer, Column, Programme

COVERED = Programme(
    (3, 4), (Column(10, ((0, 1),)), Column(10, ((1, 1),)), Column(15, ((0, 1), (1, 2))))
)
PATIENCE_S = 60.0

needs_highs = pytest.mark.skipif(find_spec("highspy") is None, reason="highspy is not installed")


def child(code: str, patience_s: float = PATIENCE_S) -> Solver:
    """One that runs this in place of the solver."""
    return Solver((sys.executable, "-c", code), patience_s)


def answering(line: str) -> Solver:
    return child(f"import sys\nfor _ in sys.stdin: print({line!r}, flush=True)")


def test_an_answer_is_read_and_the_process_goes_on():
    with answering('{"amounts": [1, 0, 2.5], "prices": [3, 4]}') as solver:
        assert solver.use == "idle"
        for _ in range(2):
            assert solver(COVERED, False) == Answer((1.0, 0.0, 2.5), (3.0, 4.0))
        assert solver.use == "used"


def test_there_may_be_no_answer():
    with answering("null") as solver:
        assert solver(COVERED, True) is None
        assert solver.use == "used"


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(3)",
        "import os; os.abort()",
        "print('no JSON', flush=True); input()",
        "print('[]', flush=True); input()",
        'print(\'{"amounts": [1], "prices": [1, 2]}\', flush=True); input()',
        'print(\'{"amounts": [1, 1, 1], "prices": [1]}\', flush=True); input()',
        'print(\'{"amounts": [1, 1, NaN], "prices": [1, 2]}\', flush=True); input()',
        'print(\'{"amounts": [1, 1, 1e99], "prices": [1, 2]}\', flush=True); input()',
    ],
)
def test_a_broken_one_is_asked_no_more(code):
    with child(code) as solver:
        assert solver(COVERED, False) is None
        assert solver.use == "failed"
        assert solver(COVERED, False) is None


def test_one_that_cannot_be_started_has_failed():
    with Solver(("/nowhere/solver",)) as solver:
        assert solver(COVERED, False) is None
        assert solver.use == "failed"


@pytest.mark.parametrize("size", [1, 20_000])
def test_a_late_one_is_ended(tmp_path: Path, size):
    """Also where it does not even read, and there is more to read than a pipe holds."""
    told = tmp_path / "pid"
    code = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    large = Programme((1,) * size, COVERED.columns)
    with child(code, 2.0) as solver:
        assert solver(large, False) is None
        assert solver.use == "stopped"
        assert solver(COVERED, False) is None
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_it_is_ended_with_us(tmp_path: Path):
    """Ctrl-C is an exception here; the process has a session of its own and must be told."""
    told = tmp_path / "pid"
    code = (
        f"import os, sys; open({str(told)!r}, 'w').write(str(os.getpid()))\n"
        "for _ in sys.stdin: print('null', flush=True)"
    )
    with pytest.raises(KeyboardInterrupt), child(code) as solver:
        solver(COVERED, False)
        assert os.getsid(int(told.read_text())) != os.getsid(0)
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_without_it_there_is_no_answer():
    with Solver(there=False) as solver:
        assert solver(COVERED, False) is None
        assert solver.use == "none"


@needs_highs
def test_the_cheapest_amounts_and_what_more_would_cost():
    with highs() as solver:
        parts, whole = solver(COVERED, False), solver(COVERED, True)
        assert solver.use == "used"
    assert parts is not None and whole is not None
    assert parts.amounts == pytest.approx((1, 0, 2))
    assert parts.prices == pytest.approx((10, 2.5))
    assert whole.amounts == pytest.approx((1, 0, 2))


@needs_highs
def test_amounts_are_whole_where_they_must_be():
    with highs() as solver:
        halves = Programme((3,), (Column(10, ((0, 2),)),))
        parts, whole = solver(halves, False), solver(halves, True)
    assert parts is not None and parts.amounts == pytest.approx((1.5,))
    assert whole is not None and whole.amounts == pytest.approx((2,))


@needs_highs
def test_what_nothing_covers_has_no_answer():
    with highs() as solver:
        assert solver(Programme((3,), ()), False) is None
        assert solver.use == "used"
