"""Contents of secrets stay until they are dropped, each version for itself."""

from __future__ import annotations

import pytest

from moot.model.value import Secret
from moot.store import KeptSecret

OLD, NEW, OTHER = Secret("db", "v1"), Secret("db", "v2"), Secret("api", "v1")


def kept(secret, at, **facts):
    given = {"origin": "file /shop/db", "users": ("web",), "content": b"\0sealed", **facts}
    return KeptSecret(secret=secret, at=at, **given)


def put(store, *secrets, app="shop"):
    with store.turn():
        store.put_secrets(app, {one.secret: one for one in secrets})


def test_the_latest_version_comes_first(store):
    put(store, kept(OLD, 1.0), kept(NEW, 2.0, users=("job", "web")), kept(OTHER, 3.0))
    found = store.secrets("shop")
    assert [(k.secret, k.at) for k in found] == [(OTHER, 3.0), (NEW, 2.0), (OLD, 1.0)]
    assert found[1] == kept(NEW, 2.0, users=("job", "web"))


def test_what_is_there_gets_new_facts_and_keeps_its_content(store):
    put(store, kept(OLD, 1.0, content=b"first"))
    put(store, kept(OLD, 5.0, content=b"second", origin="environment DB"))
    assert store.secrets("shop") == (kept(OLD, 5.0, content=b"first", origin="environment DB"),)


def test_only_what_is_dropped_goes(store):
    put(store, kept(OLD, 1.0), kept(NEW, 2.0))
    put(store, kept(OLD, 1.0), app="blog")
    with store.turn():
        store.put_secrets("shop", {OLD: None, OTHER: None})
    assert [k.secret for k in store.secrets("shop")] == [NEW]
    assert [k.secret for k in store.secrets("blog")] == [OLD]


def test_a_turn_that_fails_keeps_nothing(store):
    with pytest.raises(RuntimeError), store.turn():
        store.put_secrets("shop", {OLD: kept(OLD, 1.0)})
        raise RuntimeError
    assert store.secrets("shop") == ()


def test_the_content_is_not_shown():
    assert "sealed" not in repr(kept(OLD, 1.0))
