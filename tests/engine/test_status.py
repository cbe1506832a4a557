"""What is told of replicas: where they are reached, and those that are not well say why."""

from dataclasses import replace

import pytest

from moot.engine.status import replica_status
from moot.model.codec import placement_to_json
from moot.model.placement import Placement
from moot.model.resource import ConfigurationItem

WEB = ConfigurationItem(
    address="shop/web/0@toy/process",
    type="fake.process",
    venue="toy",
    identifier="1",
    replica="shop/web/0",
    main=True,
    properties={"address": "127.0.0.1", "ports": {"80": 31000}},
    private={"detail": "why"},
)
GATEWAY = ConfigurationItem(
    address="shop@toy/gateway",
    type="fake.gateway",
    venue="toy",
    identifier="2",
    exclusive=frozenset({"port:0.0.0.0:8080/tcp"}),
)
PLACED = {
    **placement_to_json(Placement(assignments=())),
    "endpoints": [["web", 80, ["0.0.0.0:8080"], "toy"]],
}
OWN, THROUGH_THE_GATEWAY = (("80", "127.0.0.1:31000"),), (("80", "127.0.0.1:8080"),)


@pytest.mark.parametrize(
    ("status", "detail"), [("failed", "why"), ("unhealthy", "why"), ("healthy", ""), (None, "")]
)
def test_only_what_is_not_well_has_a_detail(status, detail):
    (told,) = replica_status([replace(WEB, status=status)], None, ())
    assert told.detail == detail


@pytest.mark.parametrize(
    ("gateway", "reached"),
    [
        ([GATEWAY], THROUGH_THE_GATEWAY),
        (
            [replace(GATEWAY, exclusive=frozenset({"port:0.0.0.0:8080/tcp@m1"}))],
            THROUGH_THE_GATEWAY,
        ),
        ([], OWN),
        ([replace(GATEWAY, status="failed")], OWN),
        ([replace(GATEWAY, venue="other")], OWN),
        ([replace(GATEWAY, exclusive=frozenset({"port:0.0.0.0:8080/udp"}))], OWN),
    ],
    ids=["there", "elsewhere", "not made", "failed", "of another venue", "of another protocol"],
)
def test_an_address_is_told_only_while_something_holds_its_port(gateway, reached):
    (told,) = replica_status([WEB, *gateway], PLACED, ())
    assert told.endpoints == reached


@pytest.mark.parametrize("status", ["failed", "completed"])
def test_what_has_ended_is_reached_nowhere(status):
    (told,) = replica_status([replace(WEB, status=status)], PLACED, ())
    assert told.endpoints == ()
