"""`moot offerings refresh` of vendors on this machine: what comes of their prices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from vendors import AZURE, KEY, Run, Vendors, prices, quotes


def test_of_many_prices_only_that_of_a_shared_machine_with_linux(told: Run, there: Vendors):
    m5 = {"Instance Type": "m5.large", "PricePerUnit": "0.1070000000"}
    dear = {**m5, "PricePerUnit": "9"}
    there.aws(
        "eu-west-1",
        m5,
        {**dear, "TermType": "Reserved"},
        {**dear, "Operating System": "Windows"},
        {**dear, "Tenancy": "Dedicated"},
        {**dear, "CapacityStatus": "UnusedCapacityReservation"},
        {**dear, "Pre Installed S/W": "SQL Std"},
        {**dear, "Location Type": "AWS Local Zone"},
        {**dear, "Product Family": "Storage"},
        {**dear, "Unit": "Quantity"},
        {**dear, "Currency": "CNY"},
        {"Instance Type": "free.large", "PricePerUnit": "0.0000000000"},
    )
    assert told("offerings refresh --vendor aws")[0] == 0
    assert prices(told, "aws", "eu-west-1") == {"m5.large": ("0.107", "2026-11-20")}


def test_what_is_known_of_a_type_stays_and_what_is_new_is_as_listed(told: Run, there: Vendors):
    there.aws(
        "us-east-1",
        {"Instance Type": "g5.xlarge", "PricePerUnit": "1.2", "GPU": "1"},
        {
            "Instance Type": "z9g.big",
            "PricePerUnit": "3.5",
            "vCPU": "48",
            "Memory": "1,536 GiB",
            "Physical Processor": "AWS Graviton9 Processor",
            "GPU": "2",
        },
        {"Instance Type": "mac9.metal", "PricePerUnit": "3.5"},
    )
    assert told("offerings refresh --vendor aws")[0] == 0
    found = {q["type"]: q for q in quotes(told, "--vendor aws --region us-east-1")}
    assert found.keys() == {"g5.xlarge", "z9g.big"}
    known, new = found["g5.xlarge"], found["z9g.big"]
    assert (known["gpu"], known["memory_mib"], bool(known["zones"])) == ("A10G", 16384, True)
    assert (new["cpu"], new["memory_mib"], new["arch"]) == (48, 1536 * 1024, "arm64")
    assert (new["gpus"], new["gpu"], new["zones"]) == (2, "", [])


def test_other_regions_keep_their_prices_and_their_day(told: Run, there: Vendors):
    before = prices(told, "aws", "eu-west-2")
    there.aws("eu-west-1", {"Instance Type": "m5.large", "PricePerUnit": "0.1"})
    there.aws("eu-west-9", {"Instance Type": "m5.large", "PricePerUnit": "0.2"}, day="2026-11-21")
    code, out, err = told("offerings refresh --vendor aws")
    assert code == 0 and out.split()[-4:] == ["aws", "2", "0", "0"]
    assert "aws eu-west-9: 1 types, priced 2026-11-21" in err
    assert prices(told, "aws", "eu-west-2") == before
    assert {day for _, day in before.values()} == {"2025-03-02"}
    assert prices(told, "aws", "eu-west-9") == {"m5.large": ("0.2", "2026-11-21")}


def test_pages_and_spot_prices_of_azure(told: Run, there: Vendors):
    d2 = {"armSkuName": "Standard_D2s_v3", "retailPrice": 0.12, "skuName": "D2s v3"}
    e4 = {"armSkuName": "Standard_E4ps_v5", "retailPrice": 0.2, "skuName": "E4ps v5"}
    there.azure(
        "westeurope",
        d2,
        {**d2, "retailPrice": 0.9, "productName": "Virtual Machines DSv3 Series Windows"},
        {**d2, "retailPrice": 0.03, "skuName": "D2s v3 Spot"},
        {**d2, "retailPrice": 0.02, "skuName": "D2s v3 Low Priority"},
        {**d2, "retailPrice": 0.9, "productName": "DSv3 Series Cloud Services"},
        {**d2, "retailPrice": 0.9, "isPrimaryMeterRegion": False},
        {**e4, "unitOfMeasure": "1 Month", "retailPrice": 99.0},
        e4,
        {**e4, "armSkuName": "Standard_XY9_v9"},
    )
    code, _, err = told("offerings refresh --vendor azure --region westeurope")
    assert code == 0 and "azure westeurope: 2 types" in err
    assert len([target for target in there.asked if target.startswith(AZURE)]) == 5
    found = {q["type"]: q for q in quotes(told, "--vendor azure --region westeurope")}
    assert found.keys() == {"Standard_D2s_v3", "Standard_E4ps_v5"}
    d2s, e4ps = found["Standard_D2s_v3"], found["Standard_E4ps_v5"]
    assert (d2s["hourly"], d2s["spot"]) == ("0.12", "0.03")
    assert (e4ps["cpu"], e4ps["memory_mib"], e4ps["arch"]) == (4, 32768, "arm64")


def test_google_is_asked_with_a_key_of_which_nobody_else_hears(
    told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MOOT_PRICES_GCP_KEY", KEY)
    there.gcp("N2 Instance Core running in Belgium", 31_000_000)
    there.gcp("N2 Instance Ram running in Belgium", 4_000_000, "GiBy.h")
    there.gcp("Spot Preemptible N2 Instance Core running in Belgium", 9_000_000)
    there.gcp("Spot Preemptible N2 Instance Ram running in Belgium", 1_000_000, "GiBy.h")
    there.gcp("N2 Custom Instance Core running in Belgium", 99_000_000)
    there.gcp("N2 Sole Tenancy Instance Core running in Belgium", 99_000_000)
    there.gcp("Commitment v1: N2 Cpu in Belgium for 1 Year", 99_000_000)
    there.gcp("N2 Instance Core running in Europe", 99_000_000, serviceRegions=["europe"])
    there.gcp("N2 Instance Core running in Belgium", 99_000_000, "mo")
    there.gcp("T2A Arm Instance Core running in Belgium", 20_000_000)
    there.gcp("T2A Arm Instance Ram running in Belgium", 2_000_000, "GiBy.h")
    there.gcp("E2 Instance Core running in Belgium", 20_000_000)
    code, out, err = told("offerings refresh --vendor gcp")
    assert code == 0 and out.split()[-4:] == ["gcp", "1", "0", "0"]
    assert KEY not in out + err + "".join(there.asked)
    found = {q["type"]: q for q in quotes(told, "--vendor gcp --region europe-west1")}
    assert {name.partition("-")[0] for name in found} == {"n2", "t2a"}
    assert (found["n2-standard-4"]["hourly"], found["n2-standard-4"]["spot"]) == ("0.188", "0.052")
    assert found["t2a-standard-8"]["arch"] == "arm64"
    assert found["t2a-standard-8"]["hourly"] == "0.224"


def test_compare_uses_what_came(told: Run, there: Vendors, tmp_path: Path):
    (tmp_path / "compose.yaml").write_text(
        "name: shop\nservices: {web: {image: web, deploy: {resources: {reservations: "
        '{cpus: "1", memory: 1G}}}}}\n'
    )
    there.aws("eu-west-1", {"Instance Type": "m5.large", "PricePerUnit": "0.0001"})
    assert told("offerings refresh --vendor aws")[0] == 0
    code, out, _ = told("compare --vendor aws --json")
    found = json.loads(out)["estimates"][0]
    assert code == 0 and found["hourly"] == "0.0001" and found["priced"] == "2026-11-20"


def test_a_list_that_has_not_changed_is_not_loaded_again(told: Run, there: Vendors):
    path = there.aws("eu-west-1", {"Instance Type": "m5.large", "PricePerUnit": "0.1"})
    there.azure("westeurope", {"armSkuName": "Standard_D2s_v3", "retailPrice": 0.1})
    for outcome in ("refreshed", "unchanged"):
        code, out, _ = told("offerings refresh --json --region eu-west-1 --region westeurope")
        assert code == 0
        assert [r["outcome"] for r in json.loads(out)["regions"]] == [outcome, outcome]
    assert there.asked.count(path) == 1
    there.aws("eu-west-1", {"Instance Type": "m5.large", "PricePerUnit": "0.2"}, day="2026-11-22")
    assert told("offerings refresh --vendor aws")[0] == 0
    assert prices(told, "aws", "eu-west-1") == {"m5.large": ("0.2", "2026-11-22")}


def test_forgetting_goes_back_to_what_is_shipped(told: Run, there: Vendors):
    before = prices(told, "aws", "eu-west-1")
    there.aws("eu-west-1", {"Instance Type": "m5.large", "PricePerUnit": "0.1"})
    assert told("offerings refresh --vendor aws")[0] == 0
    assert told("offerings refresh --forget --json")[1].count('"forgotten": true') == 1
    assert prices(told, "aws", "eu-west-1") == before
    assert told("offerings refresh --forget")[:2] == (0, "Prices are those that come with moot.\n")
