"""Takes secrets out of texts that replicas and venues write: last words, complaints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from moot.model.diagnostic import Diagnostic
from moot.model.report import Step
from moot.model.resource import ConfigurationItem
from moot.model.value import Secret

SHORTEST = 6  # what is shorter stands in many a text by chance


@dataclass(frozen=True)
class Redact:
    """Called with a text.  `contents` gives the secrets, and is asked where there is a text."""

    contents: Callable[[], Mapping[Secret, bytes]]

    def __call__(self, text: str) -> str:
        for piece, name in self._pieces if text else ():
            text = text.replace(piece, f"[secret {name}]")
        return text

    def item(self, item: ConfigurationItem) -> ConfigurationItem:
        """The item, whose detail may hold what a replica wrote last."""
        detail = item.private.get("detail")
        if not isinstance(detail, str) or not detail:
            return item
        return replace(item, private={**item.private, "detail": self(detail)})

    def diagnostic(self, told: Diagnostic) -> Diagnostic:
        """What went wrong, as a venue put it."""
        return replace(told, summary=self(told.summary), detail=self(told.detail))

    def step(self, step: Step) -> Step:
        """What happened, with what was said about it."""
        return replace(step, note=self(step.note)) if step.note else step

    @cached_property
    def _pieces(self) -> list[tuple[str, str]]:
        """Each line of each secret, the longest first."""
        found = {
            (line, secret.name)
            for secret, content in self.contents().items()
            for line in content.decode("utf-8", "replace").splitlines()
            if len(line) >= SHORTEST
        }
        return sorted(found, key=lambda pair: -len(pair[0]))
