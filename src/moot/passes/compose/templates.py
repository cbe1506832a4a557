"""Whether the templates of recipes name only what will be known on the machine they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from moot.model.app import App, Component
from moot.model.position import Position
from moot.model.value import Text
from moot.passes.compose.reports import Reports, did_you_mean
from moot.passes.connect import variable

if TYPE_CHECKING:
    from moot.model.recipe import RecipeFile

# What a machine says of itself, and how a name is written, as it is filled in there.
MACHINE = (
    "HOST_NAME",
    "HOST_CPUS",
    "HOST_MEMORY_MIB",
    "HOST_ARCH",
    "HOST_ADDRESS",
    "HOST_OS",
    "HOST_OS_VERSION",
)
TEMPLATE = re.compile(r"\$?\$\{([A-Z][A-Z0-9_]*)\}")


def check_templates(app: App, reports: Reports) -> None:
    """Report every name in a template that nothing will stand for, at its line."""
    for component in app.components:
        files = component.recipe.files if component.recipe else ()
        for file in files:
            if file.template:
                _check(file, {*MACHINE, *component.environment, *_told(app, component)}, reports)


def _check(file: RecipeFile, known: set[str], reports: Reports) -> None:
    text = _text(file)
    for match in TEMPLATE.finditer(text):
        name, before = match[1], text[: match.start()]
        if match[0].startswith("$$") or name in known:
            continue
        line, column = before.count("\n") + 1, match.start() - before.rfind("\n")
        reports.error(
            "Unknown name in a template",
            f"Line {line} of the template for {file.path} names {name}, which is not set.",
            did_you_mean(
                name, known, f"Set it in 'environment' of the component, or write '$${{{name}}}'."
            ),
            _place(file, line, column),
        )


def _told(app: App, component: Component) -> Iterator[str]:
    """How it finds the components that it connects to."""
    targets = {c.target for c in app.connections if c.source == component.name}
    for target in app.components:
        if target.name in targets and target.targets:
            prefix = variable(target.name)
            yield from (f"{prefix}_HOST", f"{prefix}_PORT")
            yield from (f"{prefix}_PORT_{port}" for port in target.targets)


def _text(file: RecipeFile) -> str:
    """As far as it is known: what a Ref or Secret stands for is not looked at."""
    parts = file.content.parts if isinstance(file.content, Text) else (file.content,)
    return "".join(part for part in parts if isinstance(part, str))


def _place(file: RecipeFile, line: int, column: int) -> Position | None:
    """In the file that is the template; where its text is declared, if it is none."""
    place = file.place
    return replace(place, line=line, column=column) if place and not place.line else place
