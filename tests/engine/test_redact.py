"""What replicas and venues say last is told and recorded without the secrets in it."""

from __future__ import annotations

from dataclasses import replace

from moot.engine.redact import Redact
from moot.model.diagnostic import Diagnostic
from moot.model.resource import ConfigurationItem
from moot.model.value import Secret

CONTENTS = {
    Secret("key", "1"): b"begin-of-key\nmiddle-of-key\nab\n",
    Secret("password", "1"): b"sesame-open",
    Secret("longer", "1"): b"sesame-open-wide",
}
REDACT = Redact(lambda: CONTENTS)


def test_every_line_of_a_secret_goes_the_longest_first() -> None:
    assert REDACT("x sesame-open-wide y") == "x [secret longer] y"
    assert REDACT("sesame-open? middle-of-key!") == "[secret password]? [secret key]!"


def test_what_is_short_stands_there_by_chance() -> None:
    assert REDACT("about") == "about"


def test_nobody_is_asked_where_nothing_is_said() -> None:
    def never() -> dict[Secret, bytes]:
        raise AssertionError("to open what is sealed costs time")

    item = ConfigurationItem(type="t", venue="v", identifier="x", private={"file": "sesame-open"})
    assert Redact(never).item(item) is item
    assert Redact(never)("") == ""


def test_an_item_and_a_diagnostic() -> None:
    item = ConfigurationItem(type="t", venue="v", identifier="x", private={"file": "sesame-open"})
    failed = replace(item, private={**item.private, "detail": "is it sesame-open"})
    assert REDACT.item(failed).private == {
        "file": "sesame-open",
        "detail": "is it [secret password]",
    }
    told = Diagnostic(summary="no sesame-open", detail="begin-of-key", remedy="r")
    assert REDACT.diagnostic(told) == Diagnostic(
        summary="no [secret password]", detail="[secret key]", remedy="r"
    )
