"""Secrets of an App: each by name and version, its content apart from everything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from moot.model.value import Secret
from moot.passes.compose.content import Contents
from moot.passes.compose.node import Node
from moot.passes.compose.reports import did_you_mean
from moot.passes.compose.sources import KeyringEntry, Origin, Program, Unreadable

UNASKED = ""  # the version of a secret whose content nobody has asked for yet


@dataclass(slots=True)
class Secrets:
    """Finds the secrets that components use; what nobody uses is never asked for.

    `origins` says in words where each of `contents` comes from.
    """

    source: Contents
    folder: str
    digest: Callable[[bytes], str]
    declared: Node | None
    contents: dict[Secret, bytes] = field(default_factory=dict[Secret, bytes])
    origins: dict[Secret, str] = field(default_factory=dict[Secret, str])

    def as_file(self, name: str) -> Secret | None:
        """The secret with exactly the content it has; None where it cannot be had."""
        definition = self.declared.get(name) if self.declared else None
        return None if definition is None else self._found(name, definition)

    def as_variable(self, name: str, used: Node) -> Secret | None:
        """The secret without the newline at its end; what no variable can hold is reported."""
        definition = self.declared.get(name) if self.declared else None
        if definition is None:
            known = [key for key, _ in self.declared.items()] if self.declared else []
            self.source.reports.error(
                "Unknown secret",
                f"${{moot:secret.{name}}} names no secret of this App.",
                did_you_mean(name, known, f"Add it: 'secrets: {{{name}: {{file: ./{name}}}}}'."),
                used.place,
            )
            return None
        return self._found(name, definition, used)

    def _found(self, name: str, definition: Node, used: Node | None = None) -> Secret | None:
        origin = origin_of(definition, self.folder)
        if origin is None:
            content = self.source.of(definition)
            where = _in_words(definition)
        else:
            answer = self.source.reading.answer(origin)
            if not isinstance(answer, bytes | Unreadable):
                return Secret(name, UNASKED)
            content = self._answered(name, answer, definition)
            where = str(origin)
        if content is not None and used is not None:
            content = self._one_line(name, content, used)
        if content is None:
            return None
        secret = Secret(name, self.digest(content))
        self.contents[secret], self.origins[secret] = content, where
        return secret

    def _answered(self, name: str, answer: bytes | Unreadable, definition: Node) -> bytes | None:
        if isinstance(answer, bytes):
            return answer
        self.source.reports.error(
            "Secret is not at hand",
            f"secrets.{name}: {answer.reason}.",
            "Make it answer, or give the secret as 'file' or 'environment'.",
            (definition.get("x-moot") or definition).place,
        )
        return None

    def _one_line(self, name: str, content: bytes, used: Node) -> bytes | None:
        content = content.removesuffix(b"\n")
        try:
            fits = "\0" not in content.decode()
        except UnicodeDecodeError:
            fits = False
        if fits:
            return content
        self.source.reports.error(
            "Secret is not a text",
            f"secrets.{name} holds bytes that no variable can have.",
            f"Give it as a file: 'secrets: [{name}]' in the component.",
            used.place,
        )
        return None


def origin_of(definition: Node, folder: str) -> Origin | None:
    """Whom to ask for a secret; None where it is in a file or a variable."""
    command = definition.get("x-moot", "command")
    if command is not None:
        return Program(tuple(str(word.value) for word in command.elements()), folder)
    entry = definition.get("x-moot", "keyring")
    if entry is not None:
        return KeyringEntry(entry.scalar("service"), entry.scalar("user"))
    return None


def _in_words(definition: Node) -> str:
    variable: str | None = definition.scalar("environment")
    return f"environment {variable}" if variable else f"file {definition.scalar('file')}"
