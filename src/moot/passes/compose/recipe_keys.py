"""The keys of `x-moot.recipe`: what a component needs on its machine before it runs."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from moot.model.value import JSON
from moot.passes.compose.node import Node
from moot.passes.compose.record import Key, Listed, Mapped, Record
from moot.passes.compose.reports import did_you_mean
from moot.passes.compose.shape import Anything, Checked, File, Flag, Mode, Scope, Single, Word
from moot.passes.compose.short import as_key, nothing
from moot.passes.compose.simple import TEXT, TEXT_SCHEMA

LIBRARY = ("docker", "nginx", "node-exporter", "postgresql", "redis")
_PERSON = r"[a-z_][a-z0-9_-]*|[0-9]+"


@dataclass(frozen=True, slots=True)
class Use(Single):
    """The name of a recipe that ships with moot, or the path of one of the user's own."""

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        value = node.value
        if isinstance(value, str) and value.startswith((".", "/", "~")):
            return node.but(scope.absolute(value))
        if isinstance(value, str) and value in LIBRARY:
            return node
        remedy = f"Known are {', '.join(LIBRARY)}; a file of your own begins with './'."
        remedy = did_you_mean(value, LIBRARY, remedy) if isinstance(value, str) else remedy
        scope.wrong(node, path, "the name of a recipe or the path of one", remedy)
        return None

    def schema(self) -> JSON:
        return {"anyOf": [{"enum": list(LIBRARY)}, {"pattern": r"^[./~]|\$"}]}


@dataclass(frozen=True, slots=True)
class OneOf(Single):
    """A record in which exactly one of some keys stands; another file replaces it as a whole."""

    record: Record
    names: tuple[str, ...]

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        found = self.record.read(node, path, scope)
        if found is None or sum(found.mentions(name) for name in self.names) == 1:
            return found
        names = f"{', '.join(map(repr, self.names[:-1]))} and {self.names[-1]!r}"
        scope.wrong(node, path, f"{self.record.name} with exactly one of {names}")
        return None

    def schema(self) -> JSON:
        return self.record.schema()


def _is_port(text: Any) -> bool:
    first, _, last = str(text).partition("/")[0].partition("-")
    return 0 < int(first) <= int(last or first) < 65536


def _is_network(text: Any) -> bool:
    try:
        ipaddress.ip_network(str(text), strict=False)
    except ValueError:
        return False
    return True


PORT = Checked(
    Word(
        pattern=r"[0-9]{1,5}(-[0-9]{1,5})?(/(tcp|udp))?",
        means="a port such as 8080, 8000-8010 or 53/udp",
        numbers=True,
    ),
    _is_port,
    "a port from 1 to 65535",
)

RULE = Record(
    "a rule of the firewall",
    {
        "allow": Key(PORT, "Port that these may reach, and then nobody else."),
        "deny": Key(PORT, "Port that these may not reach."),
        "from": Key(
            Listed(
                Checked(Word(), _is_network, "an address or a network such as 10.0.0.0/8"),
                single=True,
            ),
            "Addresses and networks; everybody if left out.",
        ),
    },
    extensions=False,
)

FILE = Record(
    "a file of the recipe",
    {
        "source": Key(File(), "File or folder here that it is a copy of."),
        "content": Key(Word(refs=True), "What it holds."),
        "secret": Key(TEXT, "The key under 'secrets' whose content it holds."),
        "template": Key(Flag(), "Fill in every ${NAME}, from environment and machine."),
        "owner": Key(Word(pattern=_PERSON, means="a user", numbers=True), "Its owner; root."),
        "group": Key(Word(pattern=_PERSON, means="a group", numbers=True), "Its group."),
        "mode": Key(Mode(), "Its permissions; 0644, for an executable 0755, a secret 0600."),
    },
    short=as_key("source"),
    short_schema=TEXT_SCHEMA,
    extensions=False,
)

USER = Record(
    "a user of the recipe",
    {
        "system": Key(Flag(), "false: a person's account; true if left out."),
        "home": Key(Word(pattern=r"/.*", means="an absolute path"), "Home folder, made for it."),
        "shell": Key(Word(pattern=r"/.*", means="an absolute path"), "Login shell; none."),
        "groups": Key(
            Listed(Word(pattern=_PERSON, means="a group"), single=True), "Further groups."
        ),
    },
    extensions=False,
)

SCRIPT = Record(
    "a script of the recipe",
    {
        "run": Key(TEXT, "What to do, for /bin/sh -e; one that begins with #! has its say."),
        "check": Key(TEXT, "Ends with 0 where nothing need be done; asked at every look."),
        "undo": Key(TEXT, "What takes it back when it is no longer wanted."),
        "repeatable": Key(Flag(), "Cut off, it may simply be run again."),
    },
    required=("run",),
    short=as_key("run"),
    short_schema=TEXT_SCHEMA,
    extensions=False,
)


def _project(name: str, entry: str, **more: Key) -> Record:
    return Record(
        f"'{name}'",
        {
            entry: Key(File(), f"The {entry} that is run on the machine itself."),
            "undo": Key(File(), f"A {entry} that takes it back when it is no longer wanted."),
            "folder": Key(File(), f"What travels with it; the folder that the {entry} is in."),
            **more,
        },
        required=(entry,),
        short=as_key(entry),
        short_schema=TEXT_SCHEMA,
        extensions=False,
    )


ANSIBLE = _project(
    "ansible",
    "playbook",
    groups=Key(
        Listed(Word(pattern=r"[a-zA-Z_]\w*", means="a group"), single=True),
        "Groups of the inventory that the machine belongs to.",
    ),
    variables=Key(Anything(dict), "Extra variables."),
)
PUPPET = _project("puppet", "manifest")

RECIPE = Record(
    "'x-moot.recipe'",
    {
        "use": Key(Listed(Use(), single=True), "Recipes to start from."),
        "packages": Key(
            Listed(
                Word(
                    pattern=r"[a-zA-Z0-9][a-zA-Z0-9+._:-]*(=[^\s=]+)?",
                    means="a package such as nginx or nginx=1.22*",
                ),
                identity=lambda node: str(node.value).partition("=")[0],
                single=True,
            ),
            "Packages, as the machine's own package manager calls them.",
        ),
        "users": Key(
            Mapped(USER, names=r"[a-z_][a-z0-9_-]*", listed=nothing, empty=True),
            "Users of the machine; one that is there is used as it is.",
        ),
        "files": Key(
            Mapped(
                OneOf(FILE, ("source", "content", "secret")),
                names=r"/[^\0]*[^\0/]",
                means="an absolute path",
            ),
            "Files of the machine, by their absolute paths.",
        ),
        "firewall": Key(Listed(OneOf(RULE, ("allow", "deny"))), "Who may reach which port."),
        "scripts": Key(Mapped(SCRIPT), "Shell scripts, in this order."),
        "ansible": Key(ANSIBLE, "An existing playbook."),
        "puppet": Key(PUPPET, "An existing manifest."),
    },
    extensions=False,
)
