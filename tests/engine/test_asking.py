"""Secrets are asked for; memory stands in for who is away, and never for who says no."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from moot.asking import Asking
from moot.passes.parse import MAX_FILE_BYTES, KeyringEntry, Origin, Program, Unreadable

KEPT = (b"as it was", 1.0)


def asking(origin: Origin, *, kept: bool = False, patience_s: float = 60.0) -> bytes | str:
    """The content, or why there is none."""
    found = Asking(os.environ, lambda _: KEPT if kept else None, patience_s)(origin)
    return found.reason if isinstance(found, Unreadable) else found


def program(*argv: str, folder: str = "/") -> Program:
    return Program(argv, folder)


def test_what_a_program_prints_without_the_last_newline(tmp_path: Path) -> None:
    assert asking(program("printf", "two\\nlines\\n")) == b"two\nlines"
    assert asking(program("printf", "\\377\\n\\n")) == b"\xff\n"
    assert asking(program("pwd", folder=str(tmp_path))) == str(tmp_path).encode()


def test_a_program_is_no_shell() -> None:
    assert asking(program("echo", "$HOME; exit 1")) == b"$HOME; exit 1"


@pytest.mark.parametrize("kept", [True, False])
def test_a_program_that_says_no_is_believed(kept: bool) -> None:
    assert asking(program("false"), kept=kept) == "command false ended with exit code 1"
    assert asking(program("true"), kept=kept) == "command true printed nothing"


@pytest.mark.parametrize("argv", [("yes",), ("sh", "-c", "yes")])
def test_a_program_that_never_ends_to_print_is_ended(argv: tuple[str, ...]) -> None:
    said = asking(program(*argv), kept=True)
    assert str(said).endswith(f"printed more than {MAX_FILE_BYTES} bytes")


def test_as_much_as_a_file_may_hold_may_be_printed() -> None:
    most = program("head", "-c", str(MAX_FILE_BYTES), "/dev/zero")
    assert asking(most) == bytes(MAX_FILE_BYTES)


def test_the_exit_code_counts_however_late_it_comes() -> None:
    late = program("sh", "-c", "echo there; exec >&-; sleep 0.1; exit 4")
    assert str(asking(late)).endswith("ended with exit code 4")
    never = program("sh", "-c", "echo there; exec >&-; exec sleep 600")
    assert "did not answer" in str(asking(never, patience_s=0.1))


def test_a_program_that_is_away_is_stood_in_for() -> None:
    away = program("no-such-program")
    assert asking(away, kept=True) == b"as it was"
    assert asking(away) == "command no-such-program: there is no such program here"
    slow = program("sleep", "600")
    assert asking(slow, kept=True, patience_s=0.1) == b"as it was"
    assert "did not answer" in str(asking(slow, patience_s=0.1))


def test_it_is_said_whenever_memory_stands_in() -> None:
    told = Asking(os.environ, lambda _: KEPT)
    told(program("no-such-program"))
    told(program("echo", "there"))
    (warning,) = told.warnings
    assert warning.severity == "warning"
    assert "no-such-program" in warning.detail


def test_complaints_are_not_kept(capfd: pytest.CaptureFixture[str]) -> None:
    found = asking(program("sh", "-c", "printf '%s%s' hu sh >&2; exit 2"))
    assert "hush" not in str(found)
    assert capfd.readouterr().err == "hush"


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The real library with a real backend: files of its own."""
    pytest.importorskip("keyring")
    alternatives = pytest.importorskip("keyrings.alt.file")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    module = importlib.import_module("keyring")
    before = module.get_keyring()
    module.set_keyring(alternatives.PlaintextKeyring())
    yield module
    module.set_keyring(before)


def test_the_keyring(keyring: ModuleType) -> None:
    keyring.set_password("shop", "api", "pässword")
    assert asking(KeyringEntry("shop", "api")) == "pässword".encode()
    said = "keyring shop/other: there is no such entry"
    assert asking(KeyringEntry("shop", "other"), kept=True) == said


def test_a_keyring_that_cannot_be_used_is_away(keyring: ModuleType) -> None:
    keyring.set_keyring(importlib.import_module("keyring.backends.fail").Keyring())
    assert asking(KeyringEntry("shop", "api"), kept=True) == b"as it was"
    assert str(asking(KeyringEntry("shop", "api"))).startswith("keyring shop/api: No recommended")
