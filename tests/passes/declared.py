"""A declaration that is edited the way moot says a promise could be dropped or changed."""

from __future__ import annotations

import copy
import re
from typing import Any

import yaml

from moot.model.app import App
from moot.passes.parse import Sources, parse

FILE = "/app/compose.yaml"


def app_of(declaration: dict[str, Any]) -> App:
    """The App that the real parser reads out of it."""
    contents = {FILE: yaml.safe_dump(declaration).encode(), "/app/.env": None}
    parsed = parse(Sources(files=(FILE,), contents=contents, folder="/app"), {}, lambda _: "")
    assert parsed.app is not None, parsed.diagnostics
    return parsed.app


def without(declaration: dict[str, Any], *texts: str) -> dict[str, Any]:
    """Without what these promises say: `x-moot.spread: {zone: 2}` is that level of it."""
    edited = copy.deepcopy(declaration)
    for text in texts:
        above, key, value = _found(edited, text)
        if isinstance(value, dict) and isinstance(above[key], dict):
            for level in value:
                del above[key][level]
        else:
            del above[key]
    return edited


def changed(declaration: dict[str, Any], change: str) -> dict[str, Any]:
    """As the text of a relaxation says."""
    word, *texts = [change.partition(" ")[0], *re.findall(r"`([^`]+)`", change)]
    if word == "without":
        return without(declaration, *texts)
    assert word == "with"
    edited = copy.deepcopy(declaration)
    for text in texts:
        above, key, value = _found(edited, text)
        above[key] = {**above[key], **value} if isinstance(value, dict) else value
    return edited


def _found(edited: dict[str, Any], text: str) -> tuple[dict[str, Any], str, Any]:
    """Where in it the key stands, and what the text says of it."""
    path, _, value = text.partition(": ")
    *outer, key = path.split(".")
    above = edited
    for step in outer:
        above = above[step]
    return above, key, yaml.safe_load(value)
