"""Adding, checking, renaming and removing venues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from moot.engine.venues import Venues
from moot.home import Home
from moot.model.diagnostic import BadInput, Diagnostic, Refused
from moot.model.report import VenueStatus
from moot.model.value import JSON
from moot.model.venue import Venue
from moot.provider import Checks, ProviderError
from moot.store import Store


@dataclass(frozen=True, slots=True)
class VenueBook:
    """venues.yaml and what depends on its names."""

    home: Home
    venues: Venues
    store: Store

    def listed(self) -> tuple[VenueStatus, ...]:
        """All venues, unasked."""
        return tuple(
            VenueStatus(name=venue.name, provider=venue.provider)
            for venue in self.venues.configured.values()
        )

    def checked(self, names: Sequence[str]) -> tuple[VenueStatus, ...]:
        """What these venues (all, where none is named) say of themselves."""
        statuses = [self._check(name) for name in names or self.venues.configured]
        by_identity: dict[str, list[str]] = {}
        for status in statuses:
            if status.identity:
                by_identity.setdefault(f"{status.provider} {status.identity}", []).append(
                    status.name
                )
        return tuple(
            replace(s, problems=(*s.problems, _twice(s, others)))
            if len(others := by_identity.get(f"{s.provider} {s.identity}", [])) > 1
            else s
            for s in statuses
        )

    def add(self, name: str, provider: str, settings: Mapping[str, JSON]) -> VenueStatus:
        """Write a venue down, unless it is another name for one that is there."""
        if not name or not all(c.isalnum() or c in "-_." for c in name):
            raise BadInput(_bad_name(name))
        known = self.venues.configured.get(name)
        if known and name in self.home.written():
            raise BadInput(_exists(name))
        venue = Venue(name=name, provider=provider, configuration=settings)
        asked = Venues({**self.venues.configured, name: venue}, self.venues.env, self.venues.kinds)
        try:
            asked.provider(name)
        except ProviderError as error:
            raise BadInput(_unusable(name, error)) from error
        book = VenueBook(self.home, asked, self.store)
        status = next(s for s in book.checked(()) if s.name == name)
        twins = [p for p in status.problems if p.summary == TWICE]
        if twins:
            raise Refused(*twins)
        self.home.put_venue(name, {"provider": provider, **settings})
        return status

    def rename(self, old: str, new: str, now: float) -> None:
        """Another name for a venue; every address that holds the old one is rewritten with it."""
        self.venues.known(old)
        if new in self.venues.configured:
            raise BadInput(_exists(new))
        for app in self.store.apps():
            if any(intent.body["venue"] == old for intent in self.store.open_intents(app)):
                raise Refused(_interrupted(old, app))
        with self.store.turn():
            self.store.rename_venue(old, new, f"venue {old} renamed {new}", now)
            self.home.rename_venue(old, new)

    def remove(self, name: str) -> None:
        """Forget a venue on which nothing of ours is."""
        self.venues.known(name)
        used = [str(item.address) for item in self.store.inventory() if item.venue == name]
        if used:
            raise Refused(_in_use(name, used))
        if name not in self.home.written():
            raise BadInput(_built_in(name))
        self.home.remove_venue(name)

    def _check(self, name: str) -> VenueStatus:
        kind = self.venues.known(name).provider
        try:
            problems = self.venues.call(
                name, "checks", lambda p: p.checks() if isinstance(p, Checks) else ()
            )
            identity = self.venues.call(name, "identity", lambda p: p.identity())
            offerings = self.venues.call(name, "offerings", lambda p: p.offerings())
        except ProviderError as error:
            problem = Diagnostic(
                summary=f"{name} cannot be used", detail=error.message, remedy=error.remedy
            )
            return VenueStatus(name=name, provider=kind, problems=(problem,))
        texts = [f"{o.name}: {o.cpu:g} CPUs, {o.memory_mib} MiB" for o in offerings]
        return VenueStatus(
            name=name,
            provider=kind,
            identity=identity,
            problems=tuple(problems),
            offerings=tuple(texts),
        )


TWICE = "two venues are one"


def _twice(status: VenueStatus, names: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        summary=TWICE,
        detail=f"{' and '.join(names)} are all {status.provider} {status.identity}",
        remedy="keep one of them: `moot venue remove`, or `moot venue rename`",
    )


def _bad_name(name: str) -> Diagnostic:
    return Diagnostic(
        summary=f"{name!r} cannot be the name of a venue",
        detail="a name is made of letters, digits, '-', '_' and '.'",
        remedy="choose another name",
    )


def _unusable(name: str, error: ProviderError) -> Diagnostic:
    return Diagnostic(
        summary=f"venue {name!r} cannot be used",
        detail=error.message,
        remedy=error.remedy or "correct its settings",
    )


def _exists(name: str) -> Diagnostic:
    return Diagnostic(
        summary=f"there is a venue {name!r} already",
        detail="two venues cannot have one name",
        remedy=f"choose another name, or `moot venue remove {name}` first",
    )


def _interrupted(name: str, app: str) -> Diagnostic:
    return Diagnostic(
        summary=f"venue {name!r} cannot be renamed now",
        detail=f"a change of app {app!r} is under way there, or was interrupted",
        remedy=f"run `moot up` or `moot -p {app} down` first: they find out what became of it",
    )


def _in_use(name: str, addresses: Sequence[str]) -> Diagnostic:
    more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
    return Diagnostic(
        summary=f"venue {name!r} is in use",
        detail=f"on it is {', '.join(addresses[:3])}{more}",
        remedy="take those apps down first (`moot down --volumes`)",
    )


def _built_in(name: str) -> Diagnostic:
    return Diagnostic(
        summary=f"venue {name!r} is built in",
        detail="it is there without an entry in venues.yaml",
        remedy="leave it out of an app with `x-moot: {venues: [...]}` or --venue",
    )
