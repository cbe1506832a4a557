"""The vault and the requests kept in it: word for word, and only for whoever has the key."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from moot.engine import request
from moot.engine.vault import Vault
from moot.model.resource import Edge, Resource, Rollout
from moot.model.value import Ref, Secret, Text, canonical

VAULT = Vault(b"one key")
PASSWORD = Secret("password", "3")
WANT = Resource(
    address="shop/web/0@toy/process",
    type="fake.process",
    venue="toy",
    properties={
        "command": ["serve", Ref("shop/db/0@toy/process", "ports.5432")],
        "environment": {
            "MODE": "treasure",
            "COUNT": 3,
            "EMPTY": None,
            "PASSWORD": PASSWORD,
            "URL": Text(("postgres://treasure:", PASSWORD, "@db")),
        },
        "files": [{"path": "/etc/treasure", "content": "treasure"}, {"path": "/b", "mode": 0o600}],
    },
    edges=(Edge("shop/db", "healthy"),),
    on="machine",
    replica="shop/web/0",
    main=True,
    order="stop-first",
    exclusive=frozenset({"port:0.0.0.0:80/tcp"}),
    rollout=Rollout(parallelism=2, delay_s=1.5),
    ready="healthy",
    ready_within_s=12.5,
)
SENSITIVE = ("environment", "files.*.content")


def written() -> dict:
    """As it comes back from a database."""
    return json.loads(canonical(request.written(WANT, SENSITIVE, VAULT)))


def test_what_is_sealed_is_opened_by_the_same_key_only():
    sealed = VAULT.seal(b"treasure")
    assert b"treasure" not in sealed
    assert Vault(b"one key").open(sealed) == b"treasure"
    with pytest.raises(ValueError, match="another key"):
        Vault(b"another key").open(sealed)


def test_what_was_tampered_with_is_not_opened():
    sealed = bytearray(VAULT.seal(b"treasure"))
    sealed[-1] ^= 1
    with pytest.raises(ValueError, match="damaged"):
        VAULT.open(bytes(sealed))


def test_equal_contents_do_not_look_equal():
    assert VAULT.seal(b"treasure") != VAULT.seal(b"treasure")


def test_a_request_comes_back_word_for_word():
    assert request.read(written(), VAULT) == WANT


def test_a_request_shows_no_sensitive_leaf():
    properties = written()["properties"]
    assert "treasure" not in json.dumps(properties["environment"])
    assert properties["files"][0]["path"] == "/etc/treasure"
    assert "treasure" not in json.dumps(properties["files"][0]["content"])


def test_a_secret_stays_a_reference():
    assert written()["properties"]["environment"]["PASSWORD"] == {"$secret": ["password", "3"]}


def test_a_request_cannot_be_read_with_another_key():
    with pytest.raises(ValueError, match="another key"):
        request.read(written(), Vault(b"another key"))


def test_a_request_without_a_sensitive_leaf_needs_no_cryptography():
    script = (
        "import sys; from moot.engine import request; from moot.engine.vault import Vault; "
        "from moot.model.resource import Resource; from moot.model.value import Secret; "
        "want = Resource(address='a', type='t', venue='v', "
        "properties={'environment': {'P': Secret('p', '1'), 'E': None}, 'command': ['x']}); "
        "body = request.written(want, ('environment',), Vault(b'k')); "
        "assert request.read(body, Vault(b'k')) == want; "
        "sys.exit('cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
