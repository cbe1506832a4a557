"""`parse` asks for what it needs and touches nothing itself."""

from __future__ import annotations

import hashlib

from moot.passes.parse import Content, Folder, Parsed, Sources, Unreadable, parse

FILE = "/app/compose.yaml"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def once(contents: dict[str, Content], **environ: str) -> Parsed:
    sources = Sources(files=(FILE,), contents=contents, folder="/app")
    return parse(sources, environ, digest)


def test_it_asks_step_by_step() -> None:
    contents: dict[str, Content] = {}
    text = b"include: [sub/c.yaml]\nservices: {a: {image: x, env_file: a.env}}"
    given = {
        FILE: text,
        "/app/.env": None,
        "/app/sub/.env": None,
        "/app/sub/c.yaml": b"services: {b: {extends: {service: c, file: d.yaml}}}",
        "/app/sub/d.yaml": b"services: {c: {image: y, volumes: ['./v:/v:ro']}}",
        "/app/a.env": b"A=1",
        "/app/sub/v": Folder(("f",)),
        "/app/sub/v/f": b"content",
    }
    asked: list[tuple[str, ...]] = []
    while (result := once(contents)).needs:
        assert result.app is None
        assert result.diagnostics == ()
        asked.append(result.needs)
        contents |= {path: given[path] for path in result.needs}
    assert asked[0] == ("/app/.env", FILE)
    assert contents == given
    assert result.app is not None
    assert [component.name for component in result.app.components] == ["b", "a"]


def test_the_same_sources_give_the_same_app() -> None:
    contents: dict[str, Content] = {
        FILE: b"services: {a: {image: 'x:$T', volumes: [/d]}}",
        "/app/.env": b"T=1",
    }
    assert once(contents) == once(dict(reversed(contents.items())))
    assert once(contents, T="2").canonical["services"]["a"]["image"] == "x:2"


def test_unreadable_files_are_told() -> None:
    text = b"services: {a: {image: x, env_file: [e], secrets: [s]}}\nsecrets: {s: {file: f}}"
    result = once(
        {
            FILE: text,
            "/app/.env": None,
            "/app/e": Unreadable("permission denied"),
            "/app/f": Folder(()),
        }
    )
    assert {d.detail for d in result.diagnostics} == {
        "The file /app/e cannot be read: permission denied.",
        "/app/f cannot be read: it is a folder.",
    }
    assert result.app is None


def test_a_large_app_is_few_components() -> None:
    text = b"services: {a: {image: x, scale: 5000}}"
    result = once({FILE: text, "/app/.env": None})
    assert result.app is not None
    assert result.app.components[0].replicas == 5000
