"""Where the recipes are that a component uses: those that ship with moot, and the user's own."""

from __future__ import annotations

import posixpath

from moot.passes.compose.node import Node
from moot.passes.compose.recipe_keys import LIBRARY

FOLDER = posixpath.join(posixpath.dirname(__file__), "recipes")


def recipes_used(component: Node) -> list[tuple[Node, str]]:
    """Each entry of `x-moot.recipe.use` with the file it stands for."""
    entries = component.elements("x-moot", "recipe", "use")
    return [(entry, file_of(str(entry.value))) for entry in entries]


def file_of(name: str) -> str:
    """The file of a recipe by its name, or by its path."""
    return posixpath.join(FOLDER, f"{name}.yaml") if name in LIBRARY else name


def without_use(component: Node) -> Node:
    """The component once the recipes it used are part of it."""
    moot = component.get("x-moot")
    recipe = moot.get("recipe") if moot else None
    if moot is None or recipe is None:
        return component
    left = recipe.but({key: child for key, child in recipe.items() if key != "use"})
    whole = moot.but({**dict(moot.items()), "recipe": left})
    return component.but({**dict(component.items()), "x-moot": whole})
