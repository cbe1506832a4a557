"""A venue in memory: things, and the laws that hold whoever asks.

It knows nothing of Apps and plans, so that it cannot agree with our mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from moot.model.changed import changed
from moot.model.value import JSON
from moot.provider import CreateClass

Law = Literal["name taken", "missing", "in use", "token spent", "mismatch", "quota", "gone"]


class Unlawful(Exception):
    """The venue does not allow it; nothing was changed."""

    def __init__(self, law: Law, message: str) -> None:
        super().__init__(message)
        self.law: Law = law
        self.message = message


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing.  `number` is never used again, `id` may be; `born` is in true seconds."""

    number: int
    id: str
    type: str
    name: str
    tags: Mapping[str, str]
    properties: Mapping[str, JSON]
    born: float


@dataclass(frozen=True, slots=True)
class Make:
    """Asks for a new thing.  `name` and `token` are "" where the type has none.

    What is made `half` lacks its size until it is altered: it takes more than one call, which only
    a name or a token can find again.
    """

    create_class: CreateClass
    type: str
    name: str
    tags: Mapping[str, str]
    properties: Mapping[str, JSON]
    token: str = ""
    half: bool = False


@dataclass(frozen=True, slots=True)
class Alter:
    """Asks for new properties of a thing."""

    number: int
    properties: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Remove:
    """Asks for the end of a thing."""

    number: int


Request = Make | Alter | Remove


@dataclass
class Venue:
    """All things of one venue.

    An identifier is given again `quarantine_s` after its thing has gone.  A list shows what is new,
    and goes on to show what is gone, for `lag_s`.  `gone` are things that are no more, and since
    when; `removed` those of them that somebody asked to remove.  A `squatter` is made as soon as
    one is removed, and may get its identifier.
    """

    name: str
    lag_s: float = 0.0
    quarantine_s: float = 0.0
    page_size: int = 1000
    pending: int = 0
    quota: int | None = None
    squatter: Make | None = None
    things: dict[int, Thing] = field(default_factory=dict[int, Thing])
    gone: list[tuple[float, Thing]] = field(default_factory=list[tuple[float, Thing]])
    removed: list[Thing] = field(default_factory=list[Thing])
    _count: int = 0
    _ids: dict[str, int] = field(default_factory=dict[str, int])
    _names: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    _tokens: dict[str, tuple[int, Make]] = field(default_factory=dict[str, tuple[int, Make]])
    _users: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])
    _freed: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])

    def copy(self) -> Venue:
        """An equal venue with a fate of its own."""
        return replace(
            self,
            things=dict(self.things),
            gone=list(self.gone),
            removed=list(self.removed),
            _ids=dict(self._ids),
            _names=dict(self._names),
            _tokens=dict(self._tokens),
            _users=dict(self._users),
            _freed=list(self._freed),
        )

    def serve(self, request: Request, now: float) -> Thing | None:
        """Do what is asked, whole or not at all; Unlawful says why not."""
        match request:
            case Make():
                return self._make(request, now)
            case Alter(number, properties):
                return self._alter(number, properties)
            case Remove(number):
                return self._remove(number, now)

    def get(self, id: str) -> Thing | None:
        """The thing that has this identifier now."""
        number = self._ids.get(id)
        return None if number is None else self.things[number]

    def named(self, type: str, name: str) -> Thing | None:
        """The thing of a type with this name."""
        number = self._names.get((type, name))
        return None if number is None else self.things[number]

    def listed(self, type: str, now: float) -> list[Thing]:
        """What a list of a type shows, the oldest first: new things are missing, gone ones stay."""
        shown = [t for t in self.things.values() if t.type == type and t.born + self.lag_s <= now]
        if self.lag_s:
            shown += [t for at, t in self.gone if t.type == type and now < at + self.lag_s]
            shown.sort(key=lambda thing: thing.number)
        return shown

    def users(self, thing: Thing) -> Iterator[Thing]:
        """Those that could not be without it."""
        for number, used in self._users.items():
            if thing.number in used:
                yield self.things[number]

    def destroy(self, thing: Thing, now: float) -> None:
        """Lose a thing as accidents do it: no law is asked, those that used it stay behind."""
        del self.things[thing.number], self._ids[thing.id]
        self._users.pop(thing.number, None)
        if thing.name:
            del self._names[thing.type, thing.name]
        self.gone.append((now, thing))
        self._freed.append((now + self.quarantine_s, thing.id))

    def _make(self, request: Make, now: float) -> Thing:
        if request.token and (spent := self._tokens.get(request.token)):
            return self._made(*spent, request)
        if request.name and (request.type, request.name) in self._names:
            raise Unlawful("name taken", f"there is already a {request.type} {request.name}")
        if self.quota is not None and len(self.things) >= self.quota:
            raise Unlawful("quota", f"{self.quota} things are all there may be")
        used = self._used(request.properties)
        self._count += 1
        thing = Thing(
            self._count,
            self._identifier(now),
            request.type,
            request.name,
            request.tags,
            _half(request.properties) if request.half else request.properties,
            now,
        )
        self.things[thing.number] = thing
        self._ids[thing.id] = thing.number
        if request.name:
            self._names[thing.type, thing.name] = thing.number
        if request.token:
            self._tokens[request.token] = (thing.number, request)
        if used:
            self._users[thing.number] = used
        return thing

    def _made(self, number: int, first: Make, request: Make) -> Thing:
        """What a token made the first time, as EC2 has it: the same request, and not terminated."""
        if first != request:
            raise Unlawful("mismatch", "IdempotentParameterMismatch: another request had the token")
        if number not in self.things:
            raise Unlawful("token spent", "what the token made is terminated")
        return self.things[number]

    def _used(self, properties: Mapping[str, JSON]) -> tuple[int, ...]:
        found: list[int] = []
        for id in properties.get("uses", ()):
            if id not in self._ids:
                raise Unlawful("missing", f"there is no {id}")
            found.append(self._ids[id])
        return tuple(found)

    def _identifier(self, now: float) -> str:
        """The identifier longest free, where there is one; else a new one."""
        if self._freed and self._freed[0][0] <= now:
            return self._freed.pop(0)[1]
        return f"{self.name}-{self._count}"

    def _alter(self, number: int, properties: Mapping[str, JSON]) -> Thing:
        if number not in self.things:
            raise Unlawful("gone", "it is not there any more")
        used = self._used(properties)
        thing = self.things[number] = changed(self.things[number], properties=properties)
        if used:
            self._users[number] = used
        return thing

    def _remove(self, number: int, now: float) -> None:
        thing = self.things.get(number)
        if thing is None:
            return
        if users := [user.id for user in self.users(thing)]:
            raise Unlawful("in use", f"{thing.id} is used by {', '.join(users)}")
        self.destroy(thing, now)
        self.removed.append(thing)
        if self.squatter:
            self._make(self.squatter, now)


def _half(properties: Mapping[str, JSON]) -> Mapping[str, JSON]:
    return {name: value for name, value in properties.items() if name != "size"}
