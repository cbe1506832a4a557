"""No input makes a traceback: bytes, structures by the schema, mutations of good files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from declaration import FOLDER, digest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moot.passes.compose.schema import schema
from moot.passes.parse import Content, Folder, Parsed, Sources, Unreadable, parse

GOOD = [
    path.read_bytes()
    for path in sorted(Path(__file__).with_name("cases").rglob("*.yaml"))
    if path.name == "compose.yaml"
]
SCHEMA = schema()
TEXTS = (
    "", "a", "web", "db", "data:/data", "./a:/a:ro", "8080:80", "80", "1-3:1-3/udp", "10s", "64m",
    "CMD", "NONE", "always", "on-failure:2", "service:web", "host", "web:alias", "A=b", "A",
    "${A:-b}", "${A", "$A", "${moot:one.arn}", "/etc/x", "x y", "'", "0440", "true", "-1", "1.5",
    "99%", "5 EUR/day", "a.b", "a.b.c", "yes", "all", "~", "on", "127.0.0.1", "\u00e9", "fixed",
    "service_started", "service_healthy", "volume", "bind", "tmpfs", "default", "/run:size=1m",
)  # fmt: skip
NAMES = st.sampled_from(("web", "db", "a", "default", "data", "one", "A", "x-a", "sp ace"))
SCALARS = st.one_of(
    st.sampled_from(TEXTS), st.integers(-2, 100000), st.booleans(), st.none(), st.floats(0, 9)
)
quickly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def run(content: bytes, others: tuple[Content, ...] = (None,)) -> Parsed:
    """Parse it; whatever else it asks for is one of `others`, in turn."""
    file = f"{FOLDER}/compose.yaml"
    contents: dict[str, Content] = {file: content, f"{FOLDER}/.env": None}
    result = Parsed(needs=(file,))
    for _ in range(30):
        sources = Sources(files=(file,), contents=contents, folder=FOLDER)
        result = parse(sources, {"HOME": "/h"}, digest)
        if not result.needs:
            break
        for index, path in enumerate(result.needs):
            contents[path] = others[index % len(others)]
    return result


def check(result: Parsed) -> None:
    """What holds for every result."""
    json.dumps(result.canonical)
    errors = [d for d in result.diagnostics if d.severity == "error"]
    assert (result.app is None) == bool(errors or result.needs)
    for found in result.diagnostics:
        assert found.summary, found
        assert found.detail, found
        assert found.remedy, found
    assert all(found.place for found in errors), errors
    if result.app is not None:
        again = run(json.dumps(result.canonical).encode())
        assert again.canonical == result.canonical
        assert again.app is not None or again.diagnostics, "a file it names may be missing"


def shaped(node: Any) -> st.SearchStrategy[Any]:
    """Values the way the schema has them, and now and then something else."""
    if "$ref" in node:
        return shaped(SCHEMA["$defs"]["component"])
    if "anyOf" in node and "type" not in node:
        return st.one_of(*[shaped(choice) for choice in node["anyOf"]])
    match node.get("type"):
        case "object":
            known = node.get("properties", {})
            members = {key: st.deferred(lambda k=key: shaped(known[k])) for key in known}
            rest = node.get("additionalProperties")
            if isinstance(rest, dict):
                return st.dictionaries(NAMES, st.deferred(lambda: shaped(rest)), max_size=3)
            return chosen(members) if members else st.just({})
        case "array":
            items = node.get("items", {})
            return st.lists(st.deferred(lambda: shaped(items)), max_size=3)
        case _:
            return leaf(node)


def leaf(node: Any) -> st.SearchStrategy[Any]:
    """A scalar: nine times of ten one that the schema takes."""
    kinds = node.get("type", [])
    choices = [c["enum"] for c in node.get("anyOf", []) if "enum" in c]
    patterns = [c["pattern"] for c in node.get("anyOf", []) if c.get("pattern", r"\$") != r"\$"]
    fitting = [text for text in TEXTS if all(re.search(p, text) for p in patterns)]
    fitting = [*node.get("examples", []), *(choices[0] if choices else fitting)]
    if not fitting and patterns:
        return st.from_regex(patterns[0], fullmatch=True)
    least = int(node.get("minimum", 0))
    numbers = st.integers(least, int(node.get("maximum", least + 5)))
    if "integer" in kinds or "number" in kinds:
        good = numbers
    elif "boolean" in kinds:
        good = st.booleans()
    else:
        good = st.sampled_from(fitting or TEXTS)
    return st.integers(0, 9).flatmap(lambda dice: good if dice else SCALARS)


def chosen(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    keys = st.lists(st.sampled_from(sorted(members)), max_size=5, unique=True)
    return keys.flatmap(lambda names: st.fixed_dictionaries({n: members[n] for n in names}))


OTHERS = st.lists(
    st.sampled_from(
        (None, b"A=1\n", b"\xff", Unreadable("no"), Folder(("f",)), *GOOD[:3]),
    ),
    min_size=1,
    max_size=3,
).map(tuple)


@quickly
@given(st.binary(max_size=200))
def test_bytes(content: bytes) -> None:
    check(run(content))


@quickly
@given(st.text(alphabet="{}[]:,-&*!|>'\"%@`#? \n\tab1<~$", max_size=80))
def test_yaml_like(text: str) -> None:
    check(run(text.encode()))
    check(run(f"services: {{web: {{image: x, command: {text}}}}}".encode()))


@quickly
@given(shaped(SCHEMA), OTHERS)
def test_structures(value: Any, others: tuple[Content, ...]) -> None:
    check(run(json.dumps(value).encode(), others))


@quickly
@given(shaped(SCHEMA["$defs"]["component"]), OTHERS)
def test_components(value: Any, others: tuple[Content, ...]) -> None:
    if isinstance(value, dict):
        value.setdefault("image", "x")
    services = {"web": value, "db": {"image": "x"}}
    text = yaml.safe_dump({"services": services, "volumes": {"data": {}}}, allow_unicode=True)
    check(run(text.encode(), others))


@quickly
@given(st.sampled_from(GOOD), st.data())
def test_mutations(content: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    middle = data.draw(st.sampled_from((b"", b" ", b"\n", b": ", b"- ", b"!reset ", b"[", b"{}")))
    check(run(content[:start] + middle + content[end:]))
