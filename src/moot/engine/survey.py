"""Everything that stands on the venues and carries marks, asked of every type of every venue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from moot.engine.ask import Question, ask, unanswered
from moot.engine.memo import recalled
from moot.engine.slots import Slots
from moot.engine.venues import Venues
from moot.model.diagnostic import BadInput
from moot.model.report import Stale
from moot.model.resource import ConfigurationItem
from moot.provider import Page, Provider, ProviderError, Scope

Thing = tuple[str, str, str]  # venue, type, identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the venues show.  `others` counts things by the installation whose marks they carry."""

    items: tuple[ConfigurationItem, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict[str, int])
    stale: tuple[Stale, ...] = ()

    @property
    def generation(self) -> int:
        """The highest generation among the marks seen."""
        return max((item.generation or 0 for item in self.items), default=0)


def survey(
    names: Iterable[str],
    installation: str,
    venues: Venues,
    slots: Slots,
    everybody: bool = False,
) -> Survey:
    """Ask these venues for all they have with our marks, under the addresses we know it by.

    With `everybody` also for what is not ours, which may be much: `others` is empty without it.
    """
    silent: dict[str, str] = {}
    questions: dict[tuple[str, str], Question[list[Page]]] = {}
    for name in names:
        try:
            types = venues.call(name, "types", lambda p: tuple(p.types()))
        except (ProviderError, BadInput) as error:
            silent[name] = unanswered(error).message
            continue
        for type in types:
            listing = pages(type, Scope(installation=None if everybody else installation))
            questions[name, type] = Question(name, type, f"list {type}", listing)
    now = venues.env.now()
    items: list[ConfigurationItem] = []
    others: dict[str, int] = {}
    for (venue, type), answer in ask(questions, venues, slots).items():
        if isinstance(answer, ProviderError):
            silent[venue] = answer.message
            continue
        keeps_data = venues.schema(venue, type).keeps_data
        for seen in (item for page in answer for item in page.items):
            if seen.installation == installation and seen.address:
                items.append(recalled(named_here(seen), keeps_data, now))
            elif seen.installation:
                others[seen.installation] = others.get(seen.installation, 0) + 1
    stale = (Stale(venue=v, since=now, reason=why) for v, why in sorted(silent.items()))
    ordered = sorted(items, key=lambda i: (str(i.address), i.incarnation, i.since or 0.0))
    return Survey(items=tuple(ordered), others=others, stale=tuple(stale))


def pages(type: str, scope: Scope) -> Callable[[Provider], list[Page]]:
    """Asks a provider for every page of a listing."""

    def ask_all(provider: Provider) -> list[Page]:
        found = [provider.list(type, scope, None)]
        while (cursor := found[-1].cursor) is not None:
            found.append(provider.list(type, scope, cursor))
        return found

    return ask_all


def named_here(seen: ConfigurationItem) -> ConfigurationItem:
    """A thing made before its venue was renamed carries an address that names the old one."""
    before, at, rest = str(seen.address).partition("@")
    old, slash, kind = rest.partition("/")
    if not at or old == seen.venue:
        return seen
    address = f"{before}@{seen.venue}{slash}{kind}"
    return replace(seen, address=address, marked_as=seen.address)


def unknown(
    items: Iterable[ConfigurationItem], inventory: Iterable[ConfigurationItem]
) -> Iterator[ConfigurationItem]:
    """Those of which the inventory has no record."""
    known = {thing(item): item for item in inventory}
    return (item for item in items if not is_same(item, known.get(thing(item))))


def displaced(
    items: Iterable[ConfigurationItem], inventory: Iterable[ConfigurationItem]
) -> Iterator[ConfigurationItem]:
    """Records of what is gone for sure: something else bears its identifier now."""
    now = {thing(item): item for item in items}
    return (
        item for item in inventory if (other := now.get(thing(item))) and not is_same(other, item)
    )


def is_same(seen: ConfigurationItem, known: ConfigurationItem | None) -> bool:
    """Whether what bears an identifier is what we know by it: identifiers are used again.

    A record of an older moot may lack the uid.
    """
    if known is None or seen.incarnation != known.incarnation:
        return False
    addresses = {known.address, known.marked_as}
    return seen.uid == known.uid or (known.uid is None and seen.address in addresses)


def thing(item: ConfigurationItem) -> Thing:
    """What tells a thing from every other that exists now, whatever marks it carries."""
    return item.venue, item.type, item.identifier


def app_of(address: str) -> str:
    """`shop` of `shop/web/0@laptop/process` and of `shop@laptop/gateway`."""
    return address.partition("@")[0].partition("/")[0]
