"""What a database can refuse to do, in words that say what to do about it."""

from __future__ import annotations

from moot.model.diagnostic import Diagnostic, Failure

NOTHING_LOST = "what was recorded before is still there, and the same command goes on from it"


def newer(found: int, known: int) -> Failure:
    """A newer moot was here."""
    return Failure(
        Diagnostic(
            summary="the database was written by a newer moot",
            detail=f"it has schema {found}, this moot knows {known}",
            remedy="use that moot, or point MOOT_HOME elsewhere",
        )
    )


def full(where: str, reason: str) -> Failure:
    """No room, or the medium does not take what is written."""
    return Failure(
        Diagnostic(
            summary="moot's memory cannot be written",
            detail=f"{where}: {reason}",
            remedy=f"make room there, then run the same command again: {NOTHING_LOST}",
        )
    )


def locked(where: str, seconds: float) -> Failure:
    """Another process writes and does not end."""
    return Failure(
        Diagnostic(
            summary="moot's memory is locked by another process",
            detail=f"{where} was not free within {seconds:g} s",
            remedy="see what holds it, for example another moot or a backup, then try again",
        )
    )


def unusable(where: str, reason: str) -> Failure:
    """It cannot be opened, or is not what it should be."""
    return Failure(
        Diagnostic(
            summary="moot's memory cannot be used",
            detail=f"{where}: {reason}",
            remedy="mend that, put a backup in its place, or point MOOT_STORE elsewhere; "
            "`moot recover` rebuilds it once it is moved away",
        )
    )
