"""How the snapshot is made of other projects' tables: what is kept, and what is left out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from moot.market import snapshot
from tools.market import aws, azure, gcp
from tools.market.__main__ import packed
from tools.market.table import Price, Shape, Table


def test_aws_needs_a_place_and_a_price(tmp_path: Path):
    resources(
        tmp_path,
        types={
            "m.large": kind(),
            "m.free": kind(),
            "m.nowhere": kind(),
            "mac.metal": kind("arm64_mac"),
            "g.part": kind("x86_64", "arm64", Count=0, Name="L4", GpuPartitionSize=0.25),
        },
        zones={"r1": {"m.large": "ab", "m.free": "a", "mac.metal": "a", "g.part": "b"}, "r2": {}},
    )
    prices = {
        "m.large": {"r1": 0.1, "r2": 0.2},
        "m.free": {"r1": 0.0},
        "m.nowhere": {"r2": 0.1},
        "m.forgotten": {"r1": 0.1},
        "mac.metal": {"r1": 1},
        "g.part": {"r1": "0.5"},
    }
    found = aws.table(tmp_path, {"updated": 1740936978, "compute": {"ec2_linux": prices}}, "t")
    assert found.priced == "2025-03-02"
    assert found.types == {
        "m.large": (
            Shape(cpu=2, memory_mib=4096, arch="amd64"),
            {"r1": Price(100_000, zones=("r1a", "r1b"))},
        ),
        "g.part": (
            Shape(cpu=2, memory_mib=4096, arch="amd64", gpus=0.25, gpu="L4"),
            {"r1": Price(500_000, zones=("r1b",))},
        ),
    }


def test_azure_sizes_are_in_the_names():
    prices = {
        "standardd4sv3": {"westeurope": 0.2, "germanycentral": 0.3},
        "lowpriorityd4sv3": {"westeurope": 0.04},
        "standarde64v3": {"westeurope": 4},
        "standarda8mv2": {"westeurope": 0.5},
        "standardb1ls": {"westeurope": 0.006},
        "standardnc6": {"westeurope": 1},
        "basica0": {"westeurope": 0.02},
    }
    found = azure.table({"compute": {"azure_linux": prices}}, "t").types
    assert {name: (shape.cpu, shape.memory_mib // 1024) for name, (shape, _) in found.items()} == {
        "Standard_D4s_v3": (4, 16),
        "Standard_E64_v3": (64, 432),
        "Standard_A8m_v2": (8, 64),
        "Standard_B1ls": (1, 0),
    }
    assert found["Standard_D4s_v3"][1] == {"westeurope": Price(200_000, 40_000)}


def test_google_prices_are_of_parts():
    def price(per_unit: float, spot: float):
        return {
            "on_demand": {"r1": {"price": per_unit}, "r2": {"price": per_unit}},
            "preemptible": {"r1": {"price": spot}, "r2": {"price": 0}},
        }

    parts = {"cpu": price(0.03, 0.01), "ram": price(0.004, 0.001)}
    families = dict.fromkeys(("c2", "e2", "n1", "n2", "n2d"), parts)
    found = gcp.table({"compute": {"gce_instances": families}}, "t").types
    shape, prices = found["n1-standard-4"]
    assert (shape.cpu, shape.memory_mib) == (4, 15_360)
    assert prices == {"r1": Price(180_000, 55_000), "r2": Price(180_000, 0)}


def test_what_is_packed_is_read_again(tmp_path: Path):
    table = Table(vendor="cloud", currency="EUR", priced="2026-01-01", source="here")
    shape = Shape(cpu=1, memory_mib=512, arch="arm64")
    table.add("one", shape, {"r": Price(5, 1, ("rb", "rc")), "gone": Price(0)})
    table.add("two", shape, {"r": Price(7, 0, ("ra",))})
    table.add("none", shape, {"r": Price(0)})
    (tmp_path / "it").write_bytes(packed([table]))
    assert packed([table]) == packed([table])
    (vendor,) = snapshot(tmp_path / "it")
    assert (vendor.name, vendor.currency, vendor.priced) == ("cloud", "EUR", "2026-01-01")
    one, two = vendor.kinds
    hourly, spot, bits = one.prices["r"]
    assert (one.name, hourly, spot, vendor.zones("r", bits)) == ("one", 5, 1, ("rb", "rc"))
    assert vendor.zones("r", two.prices["r"][2]) == ("ra",)
    assert list(one.prices) == ["r"]


def kind(*architectures: str, **gpu: object) -> dict[str, object]:
    made: dict[str, object] = {
        "VCpuInfo": {"DefaultVCpus": 2},
        "MemoryInfo": {"SizeInMiB": 4096},
        "ProcessorInfo": {"SupportedArchitectures": architectures or ("x86_64",)},
    }
    return {**made, "GpuInfo": {"Gpus": [gpu]}} if gpu else made


def resources(folder: Path, types: object, zones: dict[str, dict[str, str]]) -> None:
    """moto's files."""
    there = folder / "instance_type_offerings" / "availability-zone"
    there.mkdir(parents=True)
    (folder / "instance_types.json.gz").write_bytes(gzip.compress(json.dumps(types).encode()))
    for region, kinds in zones.items():
        entries = [
            {"InstanceType": name, "Location": f"{region}{letter}"}
            for name, letters in kinds.items()
            for letter in letters
        ]
        (there / f"{region}.json.gz").write_bytes(gzip.compress(json.dumps(entries).encode()))
