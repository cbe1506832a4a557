"""Resources x inventory -> Plan: what must be made, changed and unmade, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from moot.model.diagnostic import Diagnostic, Refused
from moot.model.plan import Change, Create, Delete, Plan, Update
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON, Ref, at_path
from moot.passes.differ import Difference, Facts, Seal, covers, differ
from moot.passes.order import order

INTERRUPTED = "was interrupted"  # the reason for which something is made once more


def plan(
    desired: Iterable[Resource],
    inventory: Iterable[ConfigurationItem],
    facts: Callable[[str], Facts],
    seal: Seal,
    used: Mapping[str, int] | None = None,
    purge: bool = False,
    unwanted: str = "no longer declared",
) -> Plan:
    """Make before unmaking: an App being moved or healed serves again before anything is tidied.

    `facts` describes a type, `seal` replaces its sensitive values by keyed digests, `used` is the
    highest incarnation an address ever had.  Things that keep data are deleted only with `purge`;
    `unwanted` is the reason given for what is deleted because nothing asks for it.
    Raises Refused where keeping a promise would need a thing that keeps data to be made anew.
    """
    draft = _Draft({r.address: r for r in desired}, facts, seal, dict(used or {}))
    for item in inventory:
        if item.address is not None:
            draft.standing.setdefault(item.address, []).append(item)
    for address in _by_reference(draft.wanted):
        draft.decide(draft.wanted[address])
    for address, items in draft.standing.items():
        for item in items:
            if address not in draft.wanted and (purge or not item.keeps_data):
                draft.changes.append(Delete(have=item, reason=unwanted))
    if draft.problems:
        raise Refused(*draft.problems)
    return order(draft.changes, draft.wanted, draft.standing)


@dataclass
class _Draft:
    wanted: dict[str, Resource]
    facts: Callable[[str], Facts]
    seal: Seal
    used: dict[str, int]
    standing: dict[str, list[ConfigurationItem]] = field(
        default_factory=dict[str, list[ConfigurationItem]]
    )
    changes: list[Change] = field(default_factory=list[Change])
    open: set[str] = field(default_factory=set[str])  # addresses whose attributes are not known yet
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def decide(self, want: Resource) -> None:
        """What must happen to one wanted thing: nothing, a create, an update, or a replacement."""
        standing = self.standing.get(want.address)
        if not standing:
            self.create(want, None, "not there yet")
            return
        *older, have = sorted(standing, key=lambda item: item.incarnation)
        self.changes += [
            Delete(have=item, reason="superseded") for item in older if not item.keeps_data
        ]
        if have.type != want.type:  # an address was given to another kind of thing
            self.create(want, have, f"{have.type} becomes {want.type}")
            return
        difference = differ(want, have, self.facts(want.type), self.known, self.seal)
        if have.unfinished and (not difference or self.facts(want.type).keeps_data):
            self.open.add(want.address)
            self.changes.append(Create(want=want, incarnation=have.incarnation, reason=INTERRUPTED))
        elif have.unfinished:
            self.create(want, have, INTERRUPTED)  # half made is nothing to build upon
        elif have.status == "failed":
            self.create(want, have, "failed")
        elif difference:
            self.change(want, have, difference)

    def change(self, want: Resource, have: ConfigurationItem, difference: Difference) -> None:
        create_only = self.facts(want.type).create_only
        anew = [path for path in difference.definite if covers(create_only, path)]
        perhaps_anew = [path for path in difference.possible if covers(create_only, path)]
        if anew:
            self.create(want, have, _reason(difference))
        elif perhaps_anew:
            self.create(want, have, _reason(difference), possible=not difference.definite)
        else:
            self.changes.append(
                Update(
                    want=want,
                    have=have,
                    possible=not difference.definite,
                    reason=_reason(difference),
                )
            )

    def create(
        self,
        want: Resource,
        have: ConfigurationItem | None,
        reason: str,
        possible: bool = False,
    ) -> None:
        """A new incarnation, and the end of the one it replaces."""
        if have and (have.keeps_data or self.facts(have.type).keeps_data):
            self.problems.append(_keeps_data(want, reason))
            return
        self.open.add(want.address)
        incarnation = max(self.used.get(want.address, 0), have.incarnation if have else 0) + 1
        made = Create(
            want=want, incarnation=incarnation, replaces=have, possible=possible, reason=reason
        )
        self.changes.append(made)
        if have:
            self.changes.append(Delete(have=have, replaced_by=made.key, reason=reason))

    def known(self, ref: Ref) -> JSON:
        """The value a Ref has now, or the Ref itself where its target is still to be made."""
        if ref.address in self.open:
            return ref
        items = self.standing.get(ref.address, [])
        if not items:
            return ref
        newest = max(items, key=lambda item: item.incarnation)
        value = at_path(newest.properties, ref.attribute)
        return ref if value is None else value


def _by_reference(wanted: Mapping[str, Resource]) -> list[str]:
    """Addresses so that what a Ref points at comes before its holder.

    Depth first with a stack of our own: a chain of Refs may be longer than the interpreter's.
    """
    done: dict[str, None] = {}
    for start in wanted:
        stack = [start]
        entered: set[str] = set()
        while stack:
            address = stack[-1]
            missing = [
                a
                for a in wanted[address].depends_on
                if a in wanted and a not in done and a not in entered
            ]
            if address in done or address in entered or not missing:
                done.setdefault(stack.pop())
            else:
                stack += missing
            entered.add(address)
    return list(done)


def _reason(difference: Difference) -> str:
    parts: list[str] = []
    if difference.changed:
        parts.append(f"{', '.join(difference.changed)} changed")
    if difference.drifted:
        parts.append(f"{', '.join(difference.drifted)} drifted")
    if difference.possible:
        parts.append(f"{', '.join(difference.possible)} known after apply")
    return "; ".join(parts)


def _keeps_data(want: Resource, reason: str) -> Diagnostic:
    return Diagnostic(
        summary=f"{want.address} would have to be made anew",
        detail=f"{reason}, and it keeps data: nothing but you deletes data",
        remedy="take the change back, or save its data and remove it with `moot volume rm`",
    )
