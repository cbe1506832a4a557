"""What is told of replicas: those that are not well say why."""

import pytest

from moot.engine.status import replica_status
from moot.model.resource import ConfigurationItem


@pytest.mark.parametrize(
    ("status", "detail"), [("failed", "why"), ("unhealthy", "why"), ("healthy", ""), (None, "")]
)
def test_only_what_is_not_well_has_a_detail(status, detail):
    item = ConfigurationItem(
        address="shop/web/0@toy/process",
        type="fake.process",
        venue="toy",
        identifier="1",
        replica="shop/web/0",
        main=True,
        status=status,
        private={"detail": "why"},
    )
    (told,) = replica_status([item], None, ())
    assert told.detail == detail
