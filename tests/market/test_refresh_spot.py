"""Amazon's prices of spot, and how often it takes machines back, of a server on this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from vendors import ADVICE, SPOT, Reply, Run, Vendors, prices, quotes

ON_DEMAND = {"m5.large": "0.1", "c5.large": "0.09", "r5.large": "0.12"}


@pytest.fixture
def there(there: Vendors) -> Vendors:
    """Three types in one region, and prices of spot of two of them."""
    lines = ({"Instance Type": name, "PricePerUnit": price} for name, price in ON_DEMAND.items())
    there.aws("eu-west-1", *lines)
    there.spots = {
        "eu-ireland": {"m5.large": "0.0312", "c5.large": "0.0301", "r5.large": "N/A*"},
        "us-moon-1": {"m5.large": "0.0100"},
    }
    there.often = {"eu-west-1": {"m5.large": 0, "c5.large": 4, "z1.large": 1}}
    return there


def spots(told: Run, region: str = "eu-west-1") -> dict[str, tuple[str, float | None]]:
    found = quotes(told, f"--spot --vendor aws --region {region}")
    return {quote["type"]: (quote["spot"], quote["interruptions"]) for quote in found}


def test_prices_and_interruptions_come_to_what_is_known(told: Run, there: Vendors):
    assert told("offerings refresh --vendor aws")[0] == 0
    assert spots(told) == {}
    code, out, err = told("offerings refresh --vendor aws-spot")
    assert code == 0 and "aws-spot eu-west-1: 2 types, priced 20" in err
    assert out.split()[-4:] == ["aws-spot", "1", "1", "0"]  # nothing is known of us-moon-1
    assert spots(told) == {"m5.large": ("0.0312", 0.05), "c5.large": ("0.0301", 1.0)}
    today = datetime.now(UTC).date().isoformat()
    quote = quotes(told, "--spot --vendor aws --type m5.large")[0]
    assert (quote["hourly"], quote["priced"], quote["spot_priced"]) == ("0.1", "2026-11-20", today)
    shown = told("offerings --spot --vendor aws --type m5.large")[1]
    assert f"  2026-11-20, spot {today}  " in shown and "  5 %/month  " in shown


def test_what_is_known_already_has_its_prices_of_spot_first(told: Run, there: Vendors):
    there.spots = {"us-east-1": {"m5.large": "0.0400", "new.large": "0.0001"}}
    before = prices(told, "aws", "us-east-1")
    assert told("offerings refresh --vendor aws-spot")[0] == 0
    assert spots(told, "us-east-1") == {"m5.large": ("0.04", None)}
    assert prices(told, "aws", "us-east-1") == before


def test_a_new_list_keeps_the_prices_of_spot(told: Run, there: Vendors):
    assert told("offerings refresh --vendor aws*")[0] == 0
    known = spots(told)
    assert len(known) == 2
    lines = ({"Instance Type": name, "PricePerUnit": "0.2"} for name in ON_DEMAND)
    there.aws("eu-west-1", *lines, day="2026-11-22")
    assert told("offerings refresh --vendor aws")[0] == 0
    assert spots(told) == known
    assert prices(told, "aws", "eu-west-1")["m5.large"] == ("0.2", "2026-11-22")
    there.spots = {"eu-west-1": {"m5.large": "0.0312"}}
    assert told("offerings refresh --vendor aws-spot --json")[1].count('"unchanged"') == 1
    assert spots(told) == known  # once a day is enough


@pytest.mark.parametrize("path", [SPOT, ADVICE])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"callback({})", "is no JSON"),
        (b'{"config": {"regions": [{}]}, "ranges": [{}]}', "cannot be understood: it has no "),
        (b"[]", "another kind than is documented"),
    ],
)
def test_what_cannot_be_understood_changes_nothing(
    path: str, body: bytes, said: str, told: Run, there: Vendors
):
    assert told("offerings refresh --vendor aws*")[0] == 0
    known, before = spots(told), prices(told, "aws", "eu-west-1")
    there.troubles = {path: [Reply(body)]}
    code, _, err = told("offerings refresh --vendor aws*")
    assert code == 1 and said in err and path in err and "Traceback" not in err
    assert "the prices of aws-spot stay as they were" in err
    assert (spots(told), prices(told, "aws", "eu-west-1")) == (known, before)


def test_a_region_of_which_nothing_is_left_is_told(told: Run, there: Vendors):
    assert told("offerings refresh --vendor aws")[0] == 0
    there.spots = {"eu-west-1": {"strange.large": "1.0"}}
    code, _, err = told("offerings refresh --vendor aws-spot")
    assert code == 1 and "the list of EC2 spot prices has no machine with Linux in eu-west-1" in err


def test_what_passes_is_tried_again(told: Run, there: Vendors):
    there.troubles = {SPOT: [Reply(b"busy", 503)], ADVICE: [Reply(b"x" * 50, cut=20)]}
    assert told("offerings refresh --vendor aws*")[0] == 0
    assert len(spots(told)) == 2


def test_compare_buys_at_these_prices_where_spot_is_allowed(
    told: Run, there: Vendors, tmp_path: Path
):
    lines = ({"Instance Type": name, "PricePerUnit": "0.0002"} for name in ON_DEMAND)
    there.aws("eu-west-1", *lines)
    there.spots = {"eu-west-1": {"m5.large": "0.0001"}}
    assert told("offerings refresh --vendor aws*")[0] == 0
    (tmp_path / "compose.yaml").write_text(
        "name: shop\nx-moot: {spot: allowed}\nservices: {web: {image: web, deploy: {resources: "
        '{reservations: {cpus: "1", memory: 1G}}}}}\n'
    )
    found = json.loads(told("compare --vendor aws --json")[1])
    assert found["no_spot"] == []
    (estimate,) = found["estimates"]
    assert (estimate["hourly"], estimate["sites"][0]["machines"][0]["spot"]) == ("0.0001", True)
    assert estimate["priced"] == datetime.now(UTC).date().isoformat()
