"""Asks for secrets on this machine: a program that prints one, or the system keyring."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from moot.model.diagnostic import BadInput, Diagnostic
from moot.passes.parse import MAX_FILE_BYTES, KeyringEntry, Origin, Program, Unreadable, parse
from moot.reading import Loaded

PATIENCE_S = 120.0  # somebody may have to type a passphrase
PIECE = 1 << 16  # bytes: as much as a pipe holds


class Away(Exception):
    """Whom to ask is not on this machine, or does not answer.  It has not said no."""


@dataclass
class Asking:
    """Called with whom to ask; `warnings` fill as answers have to come from memory.

    `kept` gives the last content an origin had and since when (epoch seconds), where moot still
    keeps that.  It stands in for an origin that is away, never for one that says no.
    """

    environ: Mapping[str, str]
    kept: Callable[[Origin], tuple[bytes, float] | None]
    patience_s: float = PATIENCE_S
    warnings: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def answered(self, loaded: Loaded, digest: Callable[[bytes], str]) -> Loaded:
        """The declaration with the secrets that no file and no variable holds, or BadInput."""
        answers = {origin: self(origin) for origin in loaded.parsed.asks}
        sources = replace(loaded.sources, answers=answers)
        parsed = parse(sources, loaded.environ, digest)
        if parsed.app is None:
            raise BadInput(*parsed.diagnostics)
        parsed = replace(parsed, diagnostics=(*parsed.diagnostics, *self.warnings))
        return replace(loaded, parsed=parsed, sources=sources)

    def __call__(self, origin: Origin) -> bytes | Unreadable:
        try:
            match origin:
                case Program():
                    return self._printed(origin)
                case KeyringEntry():
                    return _entry(origin)
        except Away as away:
            last = self.kept(origin)
            if last is None:
                return Unreadable(str(away))
            content, since = last
            self.warnings.append(_from_memory(origin, str(away), since))
            return content

    def _printed(self, origin: Program) -> bytes | Unreadable:
        """What the program prints, without the newline at its end.

        It has our terminal, for a passphrase; what it complains about goes there and nowhere else.
        """
        try:
            code, printed = _run(origin, self.environ, time.monotonic() + self.patience_s)
        except subprocess.TimeoutExpired:
            raise Away(f"{origin} did not answer within {self.patience_s:.0f} s") from None
        except FileNotFoundError:
            raise Away(f"{origin}: there is no such program here") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it cannot be started"
            raise Away(f"{origin}: {reason}") from None
        if len(printed) > MAX_FILE_BYTES:
            return Unreadable(f"{origin} printed more than {MAX_FILE_BYTES} bytes")
        if code:
            return Unreadable(f"{origin} ended with exit code {code}")
        return printed.removesuffix(b"\n") or Unreadable(f"{origin} printed nothing")


def _run(program: Program, environ: Mapping[str, str], end: float) -> tuple[int, bytes]:
    """Its exit code and what it prints; one that prints too much or takes too long is killed."""
    with subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
        program.argv, stdout=subprocess.PIPE, cwd=program.folder, env=dict(environ)
    ) as process:
        try:
            printed = _read(process, end)
            if len(printed) > MAX_FILE_BYTES:
                process.kill()
            return process.wait(max(0, end - time.monotonic())), printed
        except BaseException:
            process.kill()
            raise


def _read(process: subprocess.Popen[bytes], end: float) -> bytes:
    """What it prints until it closes its output, or has printed more than anybody wants."""
    assert process.stdout
    printed, poll = bytearray(), select.poll()
    poll.register(process.stdout)
    while len(printed) <= MAX_FILE_BYTES:
        left_s = end - time.monotonic()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            raise subprocess.TimeoutExpired(process.args, left_s)
        piece = os.read(process.stdout.fileno(), PIECE)
        if not piece:
            break
        printed += piece
    return bytes(printed)


def _entry(origin: KeyringEntry) -> bytes | Unreadable:
    try:
        keyring: Any = import_module("keyring")
        errors: Any = import_module("keyring.errors")
    except ModuleNotFoundError:
        raise Away(f"{origin}: the package keyring is not installed (moot[keyring])") from None
    try:
        content: str | None = keyring.get_password(origin.service, origin.user)
    except errors.KeyringError as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise Away(f"{origin}: {reason}") from None
    return content.encode() if content else Unreadable(f"{origin}: there is no such entry")


def _from_memory(origin: Origin, reason: str, since: float) -> Diagnostic:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))
    return Diagnostic(
        severity="warning",
        summary="a secret could not be asked for; the content kept is used",
        detail=f"{reason}. Used is what {origin} said {at}",
        remedy="run it again where it can be asked; `moot secret forget` drops what is kept",
    )
