"""Sources of a declaration: kept whole, but for what is secret or was never used."""

from __future__ import annotations

import zlib
from dataclasses import replace

from moot.engine import sources as module
from moot.engine.sources import asked, packed, unpacked
from moot.model.value import Secret
from moot.passes.parse import (
    Executable,
    Folder,
    KeyringEntry,
    Program,
    Sources,
    Unreadable,
)

TOKEN = Secret("token", "digest-of-it")
SOURCES = Sources(
    files=("/shop/compose.yaml",),
    contents={
        "/shop/compose.yaml": b"name: ${NAME}\nenvironment: [PASSED_ON]\n",
        "/shop/run.sh": Executable(b"#!/bin/sh\nexit 0\n"),
        "/shop/logo.png": bytes(range(256)),
        "/shop/conf": Folder(("a", "b/")),
        "/shop/huge": Unreadable("it is larger than 16 bytes", 17),
        "/shop/.env": None,
        "/shop/token": b"sesame",
    },
    folder="/shop",
    name="shop",
    profiles=frozenset({"debug"}),
)
ENVIRON = {
    "NAME": "shop",
    "PASSED_ON": "yes",
    "UNUSED": "never mentioned",
    "COMPOSE_PROFILES": "x",
}


def never(path: str) -> None:
    raise AssertionError(f"{path} is kept and must not be read")


def test_everything_comes_back_as_it_was():
    content = packed(SOURCES, ENVIRON, {})
    assert content is not None
    sources, environ, secrets = unpacked(content, never, {})
    assert sources == SOURCES
    assert environ == {name: value for name, value in ENVIRON.items() if name != "UNUSED"}
    assert secrets == frozenset()


def test_a_secret_is_read_again_where_it_came_from():
    environ = {**ENVIRON, "PASSED_ON": "sesame"}
    content = packed(SOURCES, environ, {TOKEN: b"sesame"})
    assert content is not None
    assert b"sesame" not in zlib.decompress(content)
    read: list[str] = []
    sources, known, secrets = unpacked(
        content, lambda path: read.append(path) or b"new", {"PASSED_ON": "now"}
    )
    assert read == ["/shop/token"]
    assert sources.contents["/shop/token"] == b"new"
    assert known["PASSED_ON"] == "now"
    assert secrets == {TOKEN}


def test_a_secret_that_is_kept_is_not_read_again():
    content = packed(SOURCES, {**ENVIRON, "PASSED_ON": "sesame"}, {TOKEN: b"sesame"})
    assert content is not None
    kept = {TOKEN: b"sesame"}
    sources, known, secrets = unpacked(content, never, {"PASSED_ON": "now"}, kept)
    assert sources == SOURCES
    assert known["PASSED_ON"] == "sesame"
    assert secrets == asked(content) == {TOKEN}


def test_a_file_that_is_used_as_a_variable_keeps_its_newline():
    contents = {"/shop/token": b"sesame\n", "/shop/run": Executable(b"sesame\n")}
    content = packed(replace(SOURCES, contents=contents), {}, {TOKEN: b"sesame"})
    assert content is not None
    assert b"sesame" not in zlib.decompress(content)
    assert unpacked(content, never, {}, {TOKEN: b"sesame"})[0].contents == contents


def test_what_was_asked_for_is_known_again_as_long_as_it_is_kept():
    program, entry = Program(("pass", "show"), "/shop"), KeyringEntry("shop", "api")
    answers = {program: b"sesame", entry: Unreadable("no such entry")}
    content = packed(replace(SOURCES, answers=answers), {}, {TOKEN: b"sesame"})
    assert content is not None
    assert unpacked(content, never, {}, {TOKEN: b"sesame"})[0].answers == answers
    assert program not in unpacked(content, lambda _: None, {})[0].answers


def test_a_variable_that_held_a_secret_and_is_gone_is_not_made_up():
    content = packed(SOURCES, {"NAME": "sesame"}, {TOKEN: b"sesame"})
    assert content is not None
    _, known, secrets = unpacked(content, lambda _: None, {})
    assert known == {}
    assert secrets == {TOKEN}


def test_what_is_no_text_comes_back_too():
    content = packed(SOURCES, {"NAME": "\udcff\udcfe"}, {})
    assert content is not None
    assert unpacked(content, never, {})[1] == {"NAME": "\udcff\udcfe"}


def test_too_much_is_not_kept(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    assert packed(SOURCES, ENVIRON, {}) is None
