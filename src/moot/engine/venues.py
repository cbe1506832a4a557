"""The configured venues and their providers: made when first used, traced at every call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.position import Position
from moot.model.value import JSON
from moot.model.venue import Venue
from moot.passes.conform import Misfit, Path, conform
from moot.passes.differ import Facts
from moot.provider import FACTS_WITHIN_S, Env, Provider, ProviderError, TypeSchema, installed

FACTS = ""  # in the place of a type's name: questions about the venue itself
_FACTS = TypeSchema(type=FACTS, call_timeout_s=FACTS_WITHIN_S)

T = TypeVar("T")


@dataclass
class Venues:
    """All venues by name.  A provider is asked through `call`, which traces and classifies.

    `written` says where something of venues.yaml stands, by the path to it.
    """

    configured: Mapping[str, Venue]
    env: Env
    kinds: Mapping[str, Callable[[], type[Provider]]] = field(default_factory=installed)
    written: Callable[..., Position | None] = lambda *path: None
    _sound: set[str] = field(default_factory=set[str])
    _providers: dict[str, Provider] = field(default_factory=dict[str, Provider])
    _schemas: dict[tuple[str, str], TypeSchema] = field(
        default_factory=dict[tuple[str, str], TypeSchema]
    )
    _facts: dict[str, Facts] = field(default_factory=dict[str, Facts])
    _sensitive: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def known(self, name: str) -> Venue:
        """A configured venue, unasked; BadInput where there is none of that name."""
        if name not in self.configured:
            raise BadInput(self._unknown(name))
        return self.configured[name]

    def members(self, name: str) -> tuple[str, ...]:
        """The venues a user means by a name: one, or every machine of a pool; BadInput for none."""
        return self.pools().get(name) or (self.known(name).name,)

    def meant(self, names: Iterable[str], place: Position | None = None) -> tuple[str, ...]:
        """The venues a user means by these names, each once.  `place` is where the names stand.

        BadInput with all of them that are neither a venue nor a pool.
        """
        pools, names = self.pools(), tuple(dict.fromkeys(names))
        if unknown := [name for name in names if name not in pools and name not in self.configured]:
            raise BadInput(*(replace(self._unknown(name), place=place) for name in unknown))
        return tuple(dict.fromkeys(m for name in names for m in pools.get(name) or (name,)))

    def pools(self) -> dict[str, tuple[str, ...]]:
        """The names of all pools, each with those of its machines."""
        found: dict[str, tuple[str, ...]] = {}
        for venue in self.configured.values():
            if venue.pool:
                found[venue.pool] = (*found.get(venue.pool, ()), venue.name)
        return found

    def check(self, names: Iterable[str]) -> None:
        """BadInput with all that is `wrong` with these: to be called before the first is asked."""
        unchecked = [name for name in names if name not in self._sound]
        if wrong := self.wrong(unchecked):
            raise BadInput(*wrong)
        self._sound.update(unchecked)

    def wrong(self, names: Iterable[str]) -> tuple[Diagnostic, ...]:
        """What venues.yaml says of these that cannot be used, each setting once in every place.

        None of them is asked.  BadInput where there is no such venue.
        """
        found: dict[tuple[Path, str] | Diagnostic, Diagnostic] = {}
        for venue in map(self.known, names):
            if venue.wrong:
                found |= {told: told for told in venue.wrong}
                continue
            for path, problem, told in self._faults(venue):
                if (path, problem) not in found:
                    found[path, problem] = replace(told, place=self.written(*path))
        return tuple(found.values())

    def provider(self, name: str) -> Provider:
        """The provider of a venue.

        Raises BadInput where there is no such venue or provider, or where it has no such settings,
        ProviderError where it cannot be loaded.
        """
        if name not in self._providers:
            self.check((name,))
            venue = self.known(name)
            self._providers[name] = self._kind(venue)(name, venue.configuration, self.env)
        return self._providers[name]

    def call(self, venue: str, what: str, job: Callable[[Provider], T]) -> T:
        """Ask a venue.  Whatever goes wrong in a provider is a ProviderError from here on."""
        started = self.env.now()
        try:
            answer = job(self.provider(venue))
        except ProviderError as error:
            self.env.trace(venue, f"{what}: {error.code}: {error.message}{self._took(started)}")
            raise
        except BadInput:
            raise
        except ImportError as error:  # an SDK is imported where it is first used
            raise _not_loaded(self.known(venue).provider, error) from error
        except Exception as error:
            self.env.trace(venue, f"{what}: {type(error).__name__}: {error}{self._took(started)}")
            text = f"{type(error).__name__}: {error} (a defect of the provider)"
            raise ProviderError("GeneralServiceException", text) from error
        self.env.trace(venue, f"{what}: {type(answer).__name__}{self._took(started)}")
        return answer

    def schema(self, venue: str, type: str) -> TypeSchema:
        """What the provider says of a type; a bare schema where the venue is not there any more."""
        if type == FACTS:
            return _FACTS
        key = venue, type
        if key not in self._schemas:
            try:
                self._schemas[key] = self.call(venue, f"schema {type}", lambda p: p.schema(type))
            except (BadInput, ProviderError):
                return TypeSchema(type=type)
        return self._schemas[key]

    def may_have(self, venue: str, type: str) -> bool:
        """Whether things of a type may be there; it is not configured any more, or was changed."""
        if venue not in self.configured:
            return False
        try:
            return type in self.provider(venue).types()
        except (BadInput, ProviderError):
            return True

    def facts(self, venue: str, type: str) -> Facts:
        """The part of a type's schema that planning needs."""
        if type not in self._facts:
            schema = self.schema(venue, type)
            self._facts[type] = Facts(
                create_only=schema.create_only,
                read_only=schema.read_only,
                write_only=schema.write_only,
                keeps_data=schema.keeps_data,
            )
        return self._facts[type]

    def sensitive(self, type: str) -> tuple[str, ...]:
        """Sensitive paths of a type, asked of the venues in use before any other is loaded."""
        if type not in self._sensitive:
            others = (name for name in self.configured if name not in self._providers)
            for name in (*self._providers, *others):
                try:
                    if type in self.provider(name).types():
                        self._sensitive[type] = self.schema(name, type).sensitive
                        break
                except (BadInput, ProviderError):
                    continue
        return self._sensitive.get(type, ())

    def _faults(self, venue: Venue) -> Iterator[tuple[Path, str, Diagnostic]]:
        """The path to each, what it is whichever machine has it, and what to say of it."""
        if venue.provider not in self.kinds:
            told = _no_such_provider(venue, self.kinds)
            yield (venue.entry, "provider"), "", told
            return
        try:
            kind = self._kind(venue)
        except ProviderError:
            return  # that is no fault of venues.yaml
        # What stands in for a provider may be a function, which has no settings.
        schema: JSON = getattr(kind, "config_schema", {})
        for misfit in conform(venue.configuration, schema, "venue"):
            yield venue.path(*misfit.path), misfit.problem, _wrong_setting(venue, misfit)

    def _kind(self, venue: Venue) -> type[Provider]:
        try:
            return self.kinds[venue.provider]()
        except (ImportError, AttributeError) as error:
            raise _not_loaded(venue.provider, error) from error

    def _unknown(self, name: str) -> Diagnostic:
        pools, pool = self.pools(), name.partition(":")[0]
        if name in pools:
            return _is_pool(name, pools[name])
        if pool in pools:
            return _no_such_machine(name, pools[pool])
        known = sorted({venue.entry for venue in self.configured.values()})
        return _no_such_venue(name, known)

    def _took(self, started: float) -> str:
        return f" ({(self.env.now() - started) * 1000:.0f} ms)"


def _no_such_venue(name: str, known: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        summary=f"there is no venue {name!r}",
        detail=f"configured are {', '.join(known)}",
        remedy=_near(name, known)
        or f"add it with `moot venue add {name} PROVIDER`, or name another",
    )


def _no_such_machine(name: str, members: Sequence[str]) -> Diagnostic:
    more = f" and {len(members) - 6} more" if len(members) > 6 else ""
    return Diagnostic(
        summary=f"there is no venue {name!r}",
        detail=f"the machines of this pool are {', '.join(members[:6])}{more}",
        remedy=_near(name, members) or "name one of these, or add it to `hosts` in venues.yaml",
    )


def _is_pool(name: str, members: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        summary=f"{name!r} is a pool of {len(members)} machines",
        detail="here one of them is needed",
        remedy=f"name the machine, for example {members[0]}",
    )


def _not_loaded(provider: str, error: Exception) -> ProviderError:
    text = f"provider {provider!r} cannot be loaded: {error}"
    remedy = f"install what it needs: pip install 'moot[{provider}]'"
    return ProviderError("InvalidRequest", text, remedy=remedy)


def _wrong_setting(venue: Venue, misfit: Misfit) -> Diagnostic:
    entry = venue.entry
    what, remedy = "that cannot be used", "correct it, or leave it out for what is usual"
    if misfit.known:
        what = "that is not known"
        known = f"known are {', '.join(misfit.known)}"
        remedy = _near(str(misfit.path[-1]), misfit.known) or known
    return Diagnostic(
        summary=f"venue {entry!r} has a setting {what}",
        detail=f"venue {venue.whose(*misfit.path)}{misfit.problem.removeprefix('venue')}",
        remedy=remedy,
    )


def _near(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches  # most commands have no mistake in them

    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else ""


def _no_such_provider(venue: Venue, kinds: Mapping[str, object]) -> Diagnostic:
    entry = venue.entry
    return Diagnostic(
        summary=f"venue {entry!r} needs a provider {venue.provider!r} that is not installed",
        detail=f"installed are {', '.join(sorted(kinds))}",
        remedy=f"install it with `pip install 'moot[{venue.provider}]'`, or correct venues.yaml",
    )
