"""What a component needs on a machine before it runs there: software, files, users and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from moot.model.position import Position
from moot.model.value import JSON, Value

Encoding = Literal["utf-8", "base64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeUser:
    """A user of the machine.  `home` None: no home of its own."""

    name: str
    system: bool = True
    home: str | None = None
    shell: str = "/usr/sbin/nologin"
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeFile:
    """A file of the machine.  `content` may be a Secret, or a Text with Refs inside.

    `template`: every `${NAME}` in it is filled in on the machine.
    `place` is where the content is declared, or line 0 of the file here that this is a copy of.
    """

    path: str
    content: Value
    encoding: Encoding = "utf-8"
    template: bool = False
    owner: str | None = None
    group: str | None = None
    mode: str = "0644"
    place: Position | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeScript:
    """A shell script.  `check` ends with 0 where it need not run, `undo` takes it back.

    `repeatable`: where it was cut off it may simply be run again.
    """

    name: str
    run: str
    check: str | None = None
    undo: str | None = None
    repeatable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRule:
    """`port` is a number or a range such as `8000-8010`; no `sources` means everybody."""

    action: Literal["allow", "deny"]
    port: str
    protocol: Literal["tcp", "udp"] = "tcp"
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """A file of a playbook or manifest, as it travels."""

    content: str
    encoding: Encoding = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeProject:
    """An existing playbook or manifest: its folder, what of it is run, and what undoes that."""

    tool: Literal["ansible", "puppet"]
    entry: str
    files: Mapping[str, ProjectFile]
    undo: str | None = None
    groups: tuple[str, ...] = ()
    variables: Mapping[str, JSON] = field(default_factory=dict[str, JSON])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """In the order in which it is brought about; `packages` are `NAME` or `NAME=VERSION`."""

    packages: tuple[str, ...] = ()
    users: tuple[RecipeUser, ...] = ()
    files: tuple[RecipeFile, ...] = ()
    firewall: tuple[FirewallRule, ...] = ()
    scripts: tuple[RecipeScript, ...] = ()
    projects: tuple[RecipeProject, ...] = ()
