"""Venue x its `hosts` -> a member Venue for every machine that these name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import product

from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.position import Position
from moot.model.value import JSON, is_list, is_mapping
from moot.model.venue import Venue

MOST = 10_000  # machines of one pool; a slip of the finger in a range asks for more
SSH_CONFIG = "~/.ssh/config"
_LABEL = re.compile(r"[\w.:%-]+")
_RANGE = re.compile(r"\[([^\[\]]*)\]")

Files = Callable[[str], str]


def expand(
    pool: Venue, read: Files, place: Callable[[int], Position | None] = lambda index: None
) -> tuple[Venue, ...]:
    """The machines of a pool, named `POOL:HOST`; a venue without `hosts` is its only member.

    An entry of `hosts` is a host (`10.77.0.[1:6]`, `web[01:10].example`, `db[a,b]`), a mapping of
    one (`host`) with settings of its own, or one of an ssh_config (`ssh_config`, `match`), whose
    text `read` gives.  `place` says where the entry of an index stands.  BadInput with all that
    is wrong.
    """
    if "hosts" not in pool.configuration:
        return (pool,)
    rest = {key: value for key, value in pool.configuration.items() if key != "hosts"}
    hosts: JSON = pool.configuration["hosts"]
    entries: Sequence[JSON] = [hosts] if isinstance(hosts, str) else hosts
    problems: list[Diagnostic] = []
    members: dict[str, Venue] = {}
    if not isinstance(entries, list) or not entries:
        raise BadInput(_wrong(pool.name, "`hosts` names no machine", place(0)))
    for index, entry in enumerate(entries):
        try:
            for label, own in _entry(entry, read):
                if not _LABEL.fullmatch(label):
                    raise ValueError(_unnameable(label))
                name = f"{pool.name}:{label}"
                if name in members:
                    raise ValueError(f"{label} is named twice")
                settings = {**rest, **own}
                members[name] = replace(
                    pool,
                    name=name,
                    configuration=settings,
                    pool=pool.name,
                    index=index,
                    own=frozenset(own),
                )
                if len(members) > MOST:
                    raise ValueError(f"it has more than {MOST} machines")
        except ValueError as error:
            problems.append(_wrong(pool.name, str(error), place(index)))
    if problems:
        raise BadInput(*problems)
    return tuple(members.values())


def _entry(entry: JSON, read: Files) -> Iterator[tuple[str, dict[str, JSON]]]:
    """Label and settings of every machine of one entry; ValueError says what is wrong with it."""
    if is_mapping(entry):  # YAML takes a number for what it is, also where a name belongs
        entry = {str(key): value for key, value in entry.items()}
    if is_mapping(entry) and "ssh_config" in entry and "host" not in entry:
        yield from _of_ssh_config(entry, read)
        return
    settings: dict[str, JSON] = dict(entry) if is_mapping(entry) else {"host": entry}
    host, label = settings.pop("host", None), settings.pop("name", None)
    if not isinstance(host, str) or not host:
        raise ValueError(f"{entry!r} is neither a host nor a mapping with `host`")
    for number, address in enumerate(_ranged(host)):
        if number and label:
            raise ValueError(f"{host} is several machines, which cannot all be named {label}")
        yield str(label or _label(address)), {**settings, "host": address}


def _of_ssh_config(entry: Mapping[str, JSON], read: Files) -> Iterator[tuple[str, dict[str, JSON]]]:
    """The hosts an ssh_config has a name for; how each is reached stays in that file."""
    file, match = str(entry["ssh_config"] or SSH_CONFIG), entry.get("match", "*")
    patterns = match if is_list(match) else (match,)
    wanted = [pattern for pattern in patterns if isinstance(pattern, str)]
    if len(wanted) < len(patterns):
        raise ValueError(f"`match` is {match!r}: write a pattern such as rack-*, or a list of them")
    own = {key: value for key, value in entry.items() if key not in {"match", "ssh_config"}}
    if file != SSH_CONFIG:
        own["ssh_config"] = file
    found = False
    for host in dict.fromkeys(_named(read(file))):
        if any(fnmatchcase(host, pattern) for pattern in wanted):
            found = True
            yield _label(host), {**own, "host": host}
    if not found:
        raise ValueError(f"{file} names no host that matches {', '.join(wanted)}")


def _named(text: str) -> Iterator[str]:
    """The names of `Host` lines that stand for one host and no pattern."""
    for line in text.splitlines():
        words = re.split(r"[\s=]+", line.strip().replace('"', ""))
        if words[0].lower() == "host":
            yield from (word for word in words[1:] if word and not re.search(r"[*?!]", word))


def _ranged(host: str) -> Iterator[str]:
    """`web[01:10]` is web01 to web10, `db[a,b]` is dba and dbb; several ranges are all pairs."""
    parts = _RANGE.split(host)
    texts, choices = parts[::2], [list(_choices(text)) for text in parts[1::2]]
    if any(bracket in text for text in texts for bracket in "[]"):
        raise ValueError(f"the brackets of {host} do not match")
    for chosen in product(*choices):
        yield "".join(text + word for text, word in zip(texts, (*chosen, ""), strict=True))


def _choices(text: str) -> Iterator[str]:
    for part in text.split(","):
        first, colon, last = (word.strip() for word in part.partition(":"))
        if not first:
            raise ValueError(f"[{text}] leaves out what to put in its place")
        if not colon:
            yield first
            continue
        if not (first.isdecimal() and last.isdecimal()) or int(first) > int(last):
            raise ValueError(f"[{text}] is no range: it goes from a number to one not below it")
        if int(last) - int(first) >= MOST:
            raise ValueError(f"[{text}] has more than {MOST} machines")
        yield from (f"{number:0{len(first)}}" for number in range(int(first), int(last) + 1))


def _label(host: str) -> str:
    """`build1` of `ssh://root@build1`: an address cannot hold what has a meaning there."""
    return re.sub(r"[/@]+", "-", re.sub(r"^[a-z]+://", "", host).rpartition("@")[2].strip("/"))


def _unnameable(label: str) -> str:
    return (
        f"{label!r} cannot stand in an address: a machine's name is made of letters, digits, "
        "'.', '-', '_', ':' and '%'; give it one with `name`"
    )


def _wrong(pool: str, detail: str, place: Position | None) -> Diagnostic:
    return Diagnostic(
        summary=f"the hosts of venue {pool!r} cannot be used",
        detail=detail,
        remedy="write hosts as `10.77.0.[1:6]`, `web[01:10].example` or `{host: db1, user: root}`",
        place=place,
    )
