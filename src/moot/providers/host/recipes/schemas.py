"""The types a recipe is made of, as the core must know them.

What a machine cannot show of a thing (the content of a file, that a script was run) stands for
itself in a property that is always wanted to be the same: `contents`, `outcome`, `table`.  Where
the machine reports another word for it, that is drift.
"""

from __future__ import annotations

from moot.model.value import JSON
from moot.provider import TypeSchema

_TEXT: JSON = {"type": "string"}
_OPTIONAL_TEXT: JSON = {"type": ["string", "null"]}
_INTEGER: JSON = {"type": ["integer", "null"]}
_FLAG: JSON = {"type": "boolean"}
_TEXTS: JSON = {"type": "array", "items": {"type": "string"}}
_OBJECT: JSON = {"type": "object"}

PACKAGE = TypeSchema(
    type="host.package",
    properties={"names": _TEXTS, "versions": _OBJECT, "installed": _TEXTS, "folder": _TEXT},
    primary_identifier=("folder",),
    read_only=("versions", "installed", "folder"),
)
USER = TypeSchema(
    type="host.user",
    properties={
        "name": _TEXT,
        "system": _FLAG,
        "home": _OPTIONAL_TEXT,
        "shell": _TEXT,
        "groups": _TEXTS,
        "present": _FLAG,
        "uid": _INTEGER,
        "folder": _TEXT,
    },
    primary_identifier=("folder",),
    read_only=("uid", "folder"),
    create_only=("name", "system"),
)
FILE = TypeSchema(
    type="host.file",
    properties={
        "path": _TEXT,
        "content": _TEXT,
        "encoding": _TEXT,
        "template": _FLAG,
        "environment": _OBJECT,
        "owner": _OPTIONAL_TEXT,
        "group": _OPTIONAL_TEXT,
        "mode": _TEXT,
        "contents": _TEXT,
        "folder": _TEXT,
    },
    primary_identifier=("folder",),
    read_only=("folder",),
    create_only=("path",),
    write_only=("content", "environment"),
    sensitive=("content", "environment"),
)
FIREWALL = TypeSchema(
    type="host.firewall",
    properties={
        "rules": {"type": "array", "items": _OBJECT},
        "table": _TEXT,
        "name": _TEXT,
        "folder": _TEXT,
    },
    primary_identifier=("folder",),
    read_only=("name", "folder"),
)
_RUN: dict[str, JSON] = {
    "undo": _OPTIONAL_TEXT,
    "environment": _OBJECT,
    "secret_variables": _TEXTS,
    "outcome": _TEXT,
    "exit_code": _INTEGER,
    "folder": _TEXT,
}
SCRIPT = TypeSchema(
    type="host.script",
    properties={
        **_RUN,
        "title": _TEXT,
        "run": _TEXT,
        "check": _OPTIONAL_TEXT,
        "repeatable": _FLAG,
        "skipped": _FLAG,
    },
    primary_identifier=("folder",),
    read_only=("exit_code", "skipped", "folder"),
    write_only=("environment",),
    sensitive=("environment",),
)
_PROJECT: dict[str, JSON] = {
    **_RUN,
    "entry": _TEXT,
    "groups": _TEXTS,
    "files": _OBJECT,
    "variables": _OBJECT,
    "changes": _INTEGER,
}
ANSIBLE, PUPPET = (
    TypeSchema(
        type=type,
        properties=_PROJECT,
        primary_identifier=("folder",),
        read_only=("exit_code", "changes", "folder"),
        write_only=("environment", "files", "variables"),
        sensitive=("environment", "files", "variables"),
    )
    for type in ("host.ansible", "host.puppet")
)
RECIPE_SCHEMAS = (PACKAGE, USER, FILE, FIREWALL, SCRIPT, ANSIBLE, PUPPET)
