"""Which listeners speak HTTP, and what may be tried again there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from connecting import (
    LAPTOP,
    connected,
    listeners,
    part,
)

from moot.model.app import (
    Component,
    Healthcheck,
    Port,
)

CHECKS = [
    ("http://localhost:8080/healthz", 8080, True),
    ("http://127.0.0.1:8080", 8080, True),
    ("http://[::1]:8080/", 8080, True),
    ("http://localhost:80800/", 8080, False),
    ("http://localhost:9090/", 8080, False),
    ("http://elsewhere:8080/", 8080, False),
    ("https://localhost:8080/", 8080, False),
    ("http://localhost/", 80, True),
    ("http://localhost", 80, True),
    ("http://localhost/", 8080, False),
    ("http://localhost:8080/", 80, False),
    ("http://localhost:$PORT/", 8080, True),
    ("http://localhost:${PORT}/", 8080, True),
    ("http://localhost:$PORT_8080/", 8080, True),
    ("http://localhost:${PORT_8080}/x", 8080, True),
    ("http://localhost:$PORT_9090/", 8080, False),
    ("http://localhost:$PORTAL/", 8080, False),
    ("localhost:8080", 8080, False),
]


def speaks(component: Component) -> bool:
    listener = listeners(connected([(component, LAPTOP)]))
    return next(iter(listener.values())).http


@pytest.mark.parametrize(("url", "target", "http"), CHECKS)
def test_a_health_check_that_asks_by_http_tells(url, target, http):
    check = Healthcheck(test=("CMD", "curl", "-f", url))
    assert speaks(part("web", ports=(Port(target=target),), healthcheck=check)) is http


@pytest.mark.parametrize(
    ("said", "http"), [("http", True), ("http1", True), ("tcp", False), ("https", False)]
)
def test_what_is_said_counts_more_than_what_is_shown(said, http):
    check = Healthcheck(test=("CMD", "curl", "http://localhost:80/"))
    assert (
        speaks(part("web", ports=(Port(target=80, app_protocol=said),), healthcheck=check)) is http
    )


def test_the_port_variable_tells_nothing_where_there_are_several_ports():
    check = Healthcheck(test=("CMD", "curl", "http://localhost:$PORT/"))
    web = part("web", ports=(Port(target=80), Port(target=81)), healthcheck=check)
    made = listeners(connected([(web, LAPTOP)]))
    assert [listener.http for listener in made.values()] == [False, False]


def test_retrying_everything_must_be_asked_for():
    web = part("web", ports=(Port(target=80),))
    assert not listeners(connected([(web, LAPTOP)]))["web-80"].retry_all
    assert listeners(connected([(replace(web, retry=True), LAPTOP)]))["web-80"].retry_all
