"""Our marks as labels: how things made here are found again and told apart from others'."""

from __future__ import annotations

from collections.abc import Mapping

from moot.model.resource import ConfigurationItem, Status
from moot.model.value import JSON
from moot.provider import Marks, Operation, ProviderError, Scope

TYPE = "moot.type"


def labels(type: str, op: Operation, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """The user's labels, then ours, which nothing may replace."""
    return {**(own or {}), **op.marks.as_labels(), TYPE: type}


def filters(type: str, scope: Scope) -> dict[str, list[str]]:
    """Label filters for a listing of our things; empty for a listing of everybody's."""
    if scope.installation is None:
        return {}
    wanted = [f"{TYPE}={type}", f"moot.installation={scope.installation}"]
    if scope.app:
        wanted.append(f"moot.app={scope.app}")
    return {"label": wanted}


def address_filters(type: str, address: str) -> dict[str, list[str]]:
    """Label filters for whatever stands under one address."""
    return {"label": [f"{TYPE}={type}", f"moot.address={address}"]}


def item(
    type: str,
    venue: str,
    identifier: str,
    found: Mapping[str, str],
    *,
    properties: Mapping[str, JSON],
    status: Status | None = None,
    private: Mapping[str, JSON] | None = None,
    keeps_data: bool = False,
) -> ConfigurationItem:
    """A thing as observed, with what its labels say of address, incarnation and installation."""
    marks = Marks.from_labels(found)
    seen = ConfigurationItem(
        type=type,
        venue=venue,
        identifier=identifier,
        properties=properties,
        status=status,
        private=private or {},
        keeps_data=keeps_data,
    )
    return marks.on(seen) if marks else seen


def same(found: Mapping[str, str], op: Operation) -> bool:
    """Whether the labels are the marks of this very thing: made by an earlier try of ours."""
    marks = Marks.from_labels(found)
    return marks is not None and _identity(marks) == _identity(op.marks)


def require_same(found: Mapping[str, str], op: Operation, kind: str, name: str) -> None:
    """Raise AlreadyExists unless the labels say that this very thing is ours."""
    if same(found, op):
        return
    other = Marks.from_labels(found)
    owner = f"belongs to the app {other.app!r} of another moot" if other else "is not moot's"
    if other and other.installation == op.marks.installation:
        owner = f"already is {other.address} (incarnation {other.incarnation})"
    raise ProviderError(
        "AlreadyExists",
        f"a {kind} named {name!r} is there and {owner}",
        remedy=f"rename one of the two, choose another app name with -p, or remove it: "
        f"docker {kind} rm {name}",
    )


def is_gone(
    found: Mapping[str, str] | None, thing: ConfigurationItem, op: Operation | None = None
) -> bool:
    """Whether what bears the identifier now is no longer `thing`: identifiers are used again.

    With `op`, the attempt to delete it, also its uid is compared.  Addresses are not: a thing
    keeps the one it was made with when its venue or component is renamed.
    """
    marks = Marks.from_labels(found or {})
    if marks is None:
        return thing.address is not None
    if op is not None and _identity(marks) != _identity(op.marks):
        return True
    return (marks.installation, marks.incarnation) != (thing.installation, thing.incarnation)


def _identity(marks: Marks) -> tuple[str, str, int]:
    return marks.installation, marks.uid, marks.incarnation
