"""Where regions are, and which types share their CPUs."""

from __future__ import annotations

import pytest

from moot.market import snapshot
from moot.market.facts import EU, area, burstable


def test_it_is_known_of_every_region_where_it_is():
    unknown = [
        (vendor.name, region)
        for vendor in snapshot()
        for region in vendor.regions
        if not area(vendor.name, region)
    ]
    assert unknown == []


@pytest.mark.parametrize(
    ("vendor", "region", "traits"),
    [
        ("aws", "eu-west-1", {"ie", "eu"}),
        ("aws", "eu-west-2", {"gb"}),
        ("aws", "eu-central-2", {"ch"}),
        ("azure", "norwayeast", {"no"}),
        ("azure", "northeurope", {"ie", "eu"}),
        ("gcp", "europe-west6", {"ch"}),
        ("gcp", "europe-west2", {"gb"}),
        ("gcp", "europe-north1", {"fi", "eu"}),
        ("gcp", "mars-east1", set()),
        ("tinycloud", "eu-west-1", set()),
    ],
)
def test_a_name_is_no_proof_of_membership(vendor: str, region: str, traits: set[str]):
    assert area(vendor, region) == traits


def test_there_are_27_members():
    assert len(EU) == 27


@pytest.mark.parametrize(
    ("vendor", "type", "shared"),
    [
        ("aws", "t3.micro", True),
        ("aws", "t4g.large", True),
        ("aws", "trn1.2xlarge", False),
        ("aws", "m5.large", False),
        ("azure", "Standard_B2s", True),
        ("azure", "Standard_D2_v3", False),
        ("gcp", "t2", False),
    ],
)
def test_burstable(vendor: str, type: str, shared: bool):
    assert burstable(vendor, type) is shared
