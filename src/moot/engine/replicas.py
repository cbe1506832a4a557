"""Replicas by the names people use for them: what they write, and commands run beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from moot.engine.follow import follow
from moot.engine.venues import Venues
from moot.model.diagnostic import BadInput, Diagnostic, Failure
from moot.model.resource import ConfigurationItem
from moot.provider import Execs, LogLine, Logs, Provider, ProviderError


@dataclass(frozen=True, slots=True)
class Replicas:
    """What of an App's `items` a user can name."""

    app: str
    items: Sequence[ConfigurationItem]
    venues: Venues

    def logs(
        self,
        names: Sequence[str],
        *,
        follow_on: bool,
        tail: int | None,
        since: float | None,
        stop: Callable[[], bool],
    ) -> Iterator[tuple[str, LogLine]]:
        """Lines of the named components or replicas, of all where none is named."""
        sources = [
            (item.on_venue, provider)
            for item in self.named(names)
            if isinstance(provider := self._provider(item.venue), Logs)
        ]
        try:
            yield from follow(sources, forever=follow_on, tail=tail, since=since, stop=stop)
        except ProviderError as error:
            raise _venue_failed(error) from error

    def execute(
        self,
        replica: str,
        argv: Sequence[str],
        *,
        tty: bool,
        environment: Mapping[str, str],
        working_dir: str | None,
        user: str | None,
    ) -> int:
        """Run a command in a replica's environment, on our own stdio; returns its exit code."""
        item = self.named([replica])[0]
        provider = self._provider(item.venue)
        if not isinstance(provider, Execs):
            raise Failure(_cannot_execute(item.venue))
        try:
            return provider.execute(
                item.on_venue,
                argv,
                tty=tty,
                environment=environment,
                working_dir=working_dir,
                user=user,
            )
        except ProviderError as error:
            raise _venue_failed(error) from error

    def named(self, names: Sequence[str]) -> list[ConfigurationItem]:
        """The main items of the named components or replicas; BadInput where there is none."""
        mains = {str(i.replica): i for i in self.items if i.main}
        chosen: dict[str, ConfigurationItem] = {}
        for name in names or [self.app]:
            full = name if name == self.app else _full(name, self.app)
            found = {r: i for r, i in mains.items() if r == full or r.startswith(f"{full}/")}
            if not found and names:
                raise BadInput(_no_replica(name, mains))
            chosen |= found
        return list(chosen.values())

    def _provider(self, venue: str) -> Provider:
        try:
            return self.venues.provider(venue)
        except ProviderError as error:
            raise _venue_failed(error) from error


def one_of(name: str, app: str, replicas: Sequence[str]) -> str:
    """The replica a user means by `shop/web/0`, `web/0` or `web`; BadInput where there is none."""
    full = _full(name, app)
    for replica in replicas:
        if replica == full or replica.startswith(f"{full}/"):
            return replica
    raise BadInput(_no_replica(name, replicas))


def _full(name: str, app: str) -> str:
    return name if name.startswith(f"{app}/") else f"{app}/{name}"


def _no_replica(name: str, replicas: Iterable[str]) -> Diagnostic:
    known = ", ".join(sorted(replicas)) or "none"
    return Diagnostic(
        summary=f"there is no replica {name!r}",
        detail=f"there are: {known}",
        remedy="see `moot ps`, or run `moot up` first",
    )


def _cannot_execute(venue: str) -> Diagnostic:
    return Diagnostic(
        summary=f"commands cannot be run on {venue}",
        detail="its provider has no way to",
        remedy="see `moot logs` instead",
    )


def _venue_failed(error: ProviderError) -> Failure:
    return Failure(
        Diagnostic(summary="the venue failed", detail=error.message, remedy=error.remedy)
    )
