"""Adding, checking, renaming and removing venues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from moot.engine.ask import Question, ask
from moot.engine.astray import astray
from moot.engine.quotas import rests
from moot.engine.slots import Slots
from moot.engine.venues import FACTS, Venues
from moot.model.diagnostic import BadInput, Diagnostic, Refused
from moot.model.report import VenueStatus
from moot.model.value import JSON
from moot.model.venue import Offering, Venue
from moot.provider import Checks, Provider, ProviderError
from moot.store import Store
from moot.venues_file import VenuesFile


@dataclass(frozen=True, slots=True)
class VenueBook:
    """venues.yaml and what depends on its names."""

    file: VenuesFile
    venues: Venues
    store: Store
    slots: Slots

    def listed(self) -> tuple[VenueStatus, ...]:
        """All venues, unasked, with what is wrong with their settings; of a pool each machine."""
        return tuple(
            VenueStatus(name=name, provider=venue.provider, problems=self.venues.wrong((name,)))
            for name, venue in self.venues.configured.items()
        )

    def checked(self, names: Sequence[str]) -> tuple[VenueStatus, ...]:
        """What these venues (all, where none is named) say of themselves; asked all at once.

        One of which venues.yaml says something wrong is not asked.
        """
        statuses = self._check(self.venues.meant(names) or self.venues.configured)
        by_identity: dict[str, list[str]] = {}
        for status in statuses:
            if status.identity:
                by_identity.setdefault(f"{status.provider} {status.identity}", []).append(
                    status.name
                )
        told = (
            replace(s, problems=(*s.problems, _twice(s, others)))
            if len(others := by_identity.get(f"{s.provider} {s.identity}", [])) > 1
            else s
            for s in statuses
        )
        known = {status.name: self.venues.known(status.name) for status in statuses}
        left = rests(known.values(), self.store)
        return tuple(replace(s, quota=left.get(known[s.name].entry, "")) for s in told)

    def add(self, name: str, provider: str, settings: Mapping[str, JSON]) -> VenueStatus:
        """Write a venue down, unless it is another name for one that is there."""
        if not is_name(name):
            raise BadInput(_bad_name(name))
        if name in self.file.names():
            raise BadInput(_exists(name))
        entry = {"provider": provider, **settings}
        made = {venue.name: venue for venue in self.file.expanded(name, entry)}
        known, all_of_it = self.venues, {**self._others(name), **made}
        asked = Venues(all_of_it, known.env, known.kinds, known.written)
        asked.check(made)
        asked.check(all_of_it)
        try:
            for venue in made:
                asked.provider(venue)
        except ProviderError as error:
            raise BadInput(_unusable(name, error)) from error
        book = VenueBook(self.file, asked, self.store, self.slots)
        statuses = [status for status in book.checked(()) if status.name in made]
        twins = [p for status in statuses for p in status.problems if p.summary == TWICE]
        if twins:
            raise Refused(*dict.fromkeys(twins))
        self.file.put(name, entry)
        problems = tuple(problem for status in statuses for problem in status.problems)
        offerings = tuple(offering for status in statuses for offering in status.offerings)
        return replace(statuses[0], name=name, problems=problems, offerings=offerings)

    def rename(self, old: str, new: str, now: float) -> None:
        """Another name for a venue; every address that holds the old one is rewritten with it."""
        members = self._of_entry(old)
        if new in self.venues.configured or new in self.venues.pools():
            raise BadInput(_exists(new))
        if not is_name(new):
            raise BadInput(_bad_name(new))
        for app in self.store.apps():
            if any(intent.item.venue in members for intent in self.store.open_intents(app)):
                raise Refused(_interrupted(old, app))
        with self.store.turn():
            for member in members:
                renamed = new + member.removeprefix(old)
                self.store.rename_venue(member, renamed, f"venue {old} renamed {new}", now)
            self.file.rename(old, new)

    def remove(self, name: str) -> None:
        """Forget a venue on which nothing of ours is."""
        members = self._of_entry(name)
        used = [str(item.address) for item in self.store.inventory() if item.venue in members]
        if used:
            raise Refused(_in_use(name, used))
        if name not in self.file.names():
            raise BadInput(_built_in(name))
        self.file.remove(name)

    def _others(self, name: str) -> dict[str, Venue]:
        """All venues but those an entry of this name stood for."""
        venues = self.venues.configured.items()
        return {key: venue for key, venue in venues if name not in (key, venue.pool)}

    def _of_entry(self, name: str) -> tuple[str, ...]:
        """The venues that an entry of venues.yaml stands for; BadInput for one of a pool."""
        members = self.venues.members(name)
        pool = self.venues.known(members[0]).pool
        if pool and pool != name:
            raise BadInput(_member(name, pool))
        return members

    def _check(self, names: Iterable[str]) -> list[VenueStatus]:
        kinds = {name: self.venues.known(name).provider for name in names}
        wrong = {name: self.venues.wrong((name,)) for name in kinds}
        broken: dict[str, ProviderError] = {}
        for name in (name for name in kinds if not wrong[name]):
            try:
                self.venues.provider(name)
            except ProviderError as error:
                broken[name] = error
        questions = {
            name: Question(name, FACTS, "check", _says)
            for name in kinds
            if name not in broken and not wrong[name]
        }
        answers = {**broken, **ask(questions, self.venues, self.slots)}
        found = [answer[2] for answer in answers.values() if not isinstance(answer, ProviderError)]
        offerings = [offering for each in found for offering in each]
        return [
            VenueStatus(name=name, provider=kind, problems=wrong[name])
            if wrong[name]
            else _status(name, kind, answers[name], astray((name,), self.venues, offerings))
            for name, kind in kinds.items()
        ]


def is_name(name: str) -> bool:
    """Whether a venue may have it."""
    return bool(name) and all(c.isalnum() or c in "-_." for c in name)


def _says(provider: Provider) -> tuple[str, list[Diagnostic], list[Offering]]:
    problems = provider.checks() if isinstance(provider, Checks) else ()
    return provider.identity(), list(problems), list(provider.offerings())


def _status(
    name: str,
    kind: str,
    answer: tuple[str, list[Diagnostic], list[Offering]] | ProviderError,
    warnings: Iterable[Diagnostic],
) -> VenueStatus:
    if isinstance(answer, ProviderError):
        problem = Diagnostic(
            summary=f"{name} cannot be used", detail=answer.message, remedy=answer.remedy
        )
        return VenueStatus(name=name, provider=kind, problems=(problem,))
    identity, problems, offerings = answer
    texts = [f"{o.name}: {o.cpu:g} CPUs, {o.memory_mib} MiB" for o in offerings]
    return VenueStatus(
        name=name,
        provider=kind,
        identity=identity,
        problems=(*problems, *warnings),
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


def _member(name: str, pool: str) -> Diagnostic:
    return Diagnostic(
        summary=f"{name!r} is one machine of the pool {pool!r}",
        detail="it has no entry of its own in venues.yaml",
        remedy=f"say it of {pool}, or edit the `hosts` of {pool} in venues.yaml",
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
