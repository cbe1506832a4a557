"""What a rule says about a thing, planned or found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from moot.model.resource import ConfigurationItem, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One breach: which rule, which thing, what is wrong, and what would fix it."""

    rule: str
    address: str | None
    problem: str
    remedy: str
    severity: Literal["advice", "refusal"] = "advice"


Subject = Resource | ConfigurationItem
Rule = Callable[[Subject], Iterable[Finding]]
