"""What does it cost to find the cheapest machine for one task, beside SkyPilot's optimizer?

SkyPilot runs in an environment of its own, without credentials, network or its server: its
catalogue is made from Amazon's table of the market that is shipped, and its cloud is marked as one
that may be used.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.figure import Figure, Missing, median, moot, timed, workplace
from moot.market import snapshot
from moot.market.facts import burstable
from moot.model.app import App, Component, Container, Needs
from moot.model.market import Vendor
from moot.passes.buying.estimate import estimate
from moot.passes.buying.terms import Inquiry

HERE = Path(__file__).parent
PINS = HERE / "skypilot.txt"
ASKED = HERE / "asked_of_skypilot.py"
ROUNDS = 200  # as `moot compare`
PATIENCE_S = 900
VERSION = "SkyPilot 0.14.1"
COLUMNS = (
    *("InstanceType", "AcceleratorName", "AcceleratorCount", "vCPUs", "MemoryGiB", "GpuInfo"),
    *("Price", "SpotPrice", "Region", "AvailabilityZone", "Arch"),
)
Found = Mapping[str, float]  # what it costs an hour, and how long it took to find

ARCHES = {"amd64": "x86_64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Question:
    """A task: at least so much, on x86; region "" is any."""

    cpu: int
    gib: int
    gpu: str = ""
    gpus: int = 0
    region: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("cpu", "gib", "gpu", "gpus", "region")}


QUESTIONS = tuple(
    question
    for region in ("", "eu-west-1", "us-east-1")
    for question in (
        Question(2, 4, region=region),
        Question(4, 8, region=region),
        Question(8, 64, region=region),
        Question(32, 128, region=region),
        Question(4, 16, "T4", 1, region),
        Question(4, 16, "A10G", 1, region),
        Question(32, 128, "T4", 4, region),
    )
)


def measure(short: bool) -> list[Figure]:
    """CPU of both for the same questions, and whether what ours chose costs no more."""
    python = installed(may_take_long=not short)
    aws = next(vendor for vendor in snapshot() if vendor.name == "aws")
    with workplace() as (folder, environ):
        theirs = _theirs(python, folder, environ, aws)
        ours = [_ours(question, aws) for question in QUESTIONS]
        alone = _alone(folder, environ)
    for question, our, their in zip(QUESTIONS, ours, theirs["found"], strict=True):
        assert our["hourly"] <= their["hourly"], f"{question}: {our}, and theirs {their}"
    return list(_figures(ours, theirs["found"], alone, theirs["ready_s"]))


def _figures(
    ours: Sequence[Found], theirs: Sequence[Found], alone_s: float, ready_s: float
) -> Iterator[Figure]:
    """Theirs may choose among a few families of types alone, where no GPU is asked for."""
    command = "python -m bench.run skypilot"
    what = f"the cheapest machine for one task, {len(QUESTIONS)} questions"

    def each(of: Sequence[Found], part: str) -> float:
        return median(found[part] for found in of)

    paid, peer_paid = (sum(found["hourly"] for found in of) for of in (ours, theirs))
    for label, unit, value, peer_value in (
        ("what they chose, together", "USD/hour", paid, peer_paid),
        ("each, when warm", "s CPU", each(ours, "cpu_s"), each(theirs, "cpu_s")),
        ("each, when warm, on the wall", "s wall", each(ours, "wall_s"), each(theirs, "wall_s")),
        ("a process for one", "s CPU", alone_s, ready_s),
    ):
        yield Figure(
            name=f"{what}: {label}",
            value=round(value, 4),
            unit=unit,
            peer=VERSION,
            peer_value=round(peer_value, 4),
            bound=1.0,
            command=command,
        )


def _ours(question: Question, aws: Vendor) -> Found:
    """What the machine costs, and what it takes to find it: of all types but burstable ones."""
    gpu = {"gpu", f"gpu:{question.gpu.lower()}"} if question.gpu else set[str]()
    one = Component(
        name="one",
        needs=Needs(
            cpu=question.cpu,
            memory_mib=question.gib * 1024,
            gpus=question.gpus,
            traits=frozenset({"arch:amd64", *gpu}),
        ),
        container=Container(image="one", options={"gpus": [{"count": question.gpus}]}),
    )
    began, began_s = time.perf_counter(), time.process_time()
    kinds = [kind for kind in aws.kinds if not burstable("aws", kind.name)]
    regions = {r: zones for r, zones in aws.regions.items() if question.region in ("", r)}
    areas = {"aws": dict.fromkeys(aws.regions, frozenset[str]())}
    vendor = replace(aws, kinds=kinds, regions=regions)
    (found,) = estimate(
        Inquiry(
            app=App(name="task", components=(one,)), market=[vendor], areas=areas, rounds=ROUNDS
        )
    )
    took = {"cpu_s": time.process_time() - began_s, "wall_s": time.perf_counter() - began}
    (site,) = found.sites
    assert len(site.machines) == 1, f"{question}: {site}"
    return {"hourly": float(found.hourly), **took}


def _alone(folder: Path, environ: Mapping[str, str]) -> float:
    """CPU seconds of `moot compare` for the first question, from start to end."""
    first = QUESTIONS[0]
    wanted = {"cpus": str(first.cpu), "memory": f"{first.gib}G"}
    service = {
        "image": "one",
        "platform": "linux/amd64",
        "deploy": {"resources": {"reservations": wanted}},
    }
    Path(environ["MOOT_VENUES"]).write_text('{"venues": {"laptop": {"provider": "fake"}}}')
    (folder / "compose.yaml").write_text(json.dumps({"name": "task", "services": {"one": service}}))
    command = moot("compare", "--vendor", "aws", "--venue", "laptop")
    return median(timed(command, environ, folder).cpu_s for _ in range(3))


def _theirs(
    python: Path, folder: Path, environ: Mapping[str, str], aws: Vendor
) -> Mapping[str, Any]:
    """What SkyPilot answers from a home of its own."""
    _furnish(folder / ".sky", aws)
    theirs = {**environ, "HOME": str(folder), "SKYPILOT_DISABLE_USAGE_COLLECTION": "1"}
    asked = json.dumps([question.as_json() for question in QUESTIONS])
    # Isolated: the names of benchmarks are those of other people's modules, too.
    ran = timed([str(python), "-I", str(ASKED), asked], theirs, folder)
    return json.loads(ran.stdout.splitlines()[-1])


def _furnish(home: Path, aws: Vendor) -> None:
    """A home with the catalogue: a line for each type and zone, without what it has no use for."""
    folder = home / "catalogs" / "v8"
    for part in ("aws", "common"):
        (folder / part).mkdir(parents=True)
    (home / "config.yaml").write_text("allowed_clouds: [aws]\n")
    with (folder / "aws" / "vms.csv").open("w") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for kind in aws.kinds:
            shape = kind.name, kind.gpu, kind.gpus or "", kind.cpu, kind.memory_mib / 1024, ""
            for region, (hourly, _, bits) in kind.prices.items():
                for zone in aws.zones(region, bits):
                    writer.writerow((*shape, hourly / 1e6, "", region, zone, ARCHES[kind.arch]))
    with (folder / "common" / "accelerators.csv").open("w") as file:
        writer = csv.writer(file)
        writer.writerow(("AcceleratorName", "Clouds"))
        writer.writerows((gpu, "['AWS']") for gpu in sorted({k.gpu for k in aws.kinds if k.gpu}))


def installed(*, may_take_long: bool) -> Path:
    """The Python that has it, kept between runs; Missing where it cannot be had."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moot-bench"
    folder = cache / f"skypilot-{sha256(PINS.read_bytes()).hexdigest()[:16]}"
    python, stamp = folder / "bin" / "python", folder / "installed"
    if stamp.exists():
        return python
    if not may_take_long:
        raise Missing(f"{VERSION} is not installed; without --short it is")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        for command in (
            [sys.executable, "-m", "venv", str(folder)],
            [*pip, "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(PINS)],
        ):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_S)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise Missing(f"{VERSION} does not install here: {said[-1]}") from None
    stamp.touch()
    return python
