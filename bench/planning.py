"""How long does a plan take, for a file people write and for one only a generator writes?"""

from __future__ import annotations

import json
from pathlib import Path

from bench.figure import Figure, median, moot, timed, workplace

COMPONENTS = 50
REPLICAS = 5_000
LARGE_BOUND_S = 2.0
VENUES = {"venues": {"toy": {"provider": "fake"}}}


def measure(short: bool) -> list[Figure]:
    """CPU seconds of `moot plan` on a 50-component file and on a 5,000-replica App."""
    return [_ordinary(3 if short else 9), _large(1 if short else 5)]


def _ordinary(runs: int) -> Figure:
    with workplace() as (folder, environ):
        write(folder / "compose.yaml", fifty())
        times = [timed(moot("plan"), environ, folder).cpu_s for _ in range(runs)]
    return Figure(
        name=f"plan of {COMPONENTS} components",
        value=median(times),
        unit="s CPU",
        command="moot plan",
    )


def _large(runs: int) -> Figure:
    with workplace() as (folder, environ):
        write(Path(environ["MOOT_VENUES"]), VENUES)
        write(folder / "compose.yaml", large())
        command = moot("plan", "--venue", "toy")
        times = [timed(command, environ, folder).cpu_s for _ in range(runs)]
    return Figure(
        name=f"plan of {REPLICAS:,} replicas on fake",
        value=median(times),
        unit="s CPU",
        bound=LARGE_BOUND_S,
        command="moot plan --venue toy",
    )


def fifty() -> dict[str, object]:
    """A file as people write it: layers that depend on one another, health, ports, volumes."""
    return {
        "name": "fifty",
        "services": {f"part{n}": _part(n) for n in range(COMPONENTS)},
        "volumes": {f"data{n}": {} for n in range(0, COMPONENTS, 5)},
    }


def _part(number: int) -> dict[str, object]:
    part: dict[str, object] = {
        "image": "example/part:1",
        "environment": {"NUMBER": str(number), "LEVEL": "info", "PEER": f"part{number // 2}"},
        "expose": ["8000"],
        "healthcheck": {"test": ["CMD", "true"], "interval": "5s"},
        "x-moot": {"process": {"command": ["sleep", "3600"]}},
    }
    if number:
        part["depends_on"] = {f"part{number // 2}": {"condition": "service_healthy"}}
    if number % 5 == 0:
        part["volumes"] = [f"data{number}:/data"]
    if number % 10 == 0:
        part["ports"] = [f"{18000 + number}:8000"]
    return part


def large() -> dict[str, object]:
    """Ten components of five hundred replicas; each but the first waits for the one before it."""
    each = REPLICAS // 10
    services: dict[str, object] = {}
    for number in range(10):
        services[f"part{number}"] = {
            "image": "example/part:1",
            "deploy": {"replicas": each},
            "environment": {"NUMBER": str(number)},
            **({"depends_on": [f"part{number - 1}"]} if number else {}),
        }
    return {"name": "large", "services": services}


def write(path: Path, content: object) -> None:
    """JSON is YAML, so no library stands between a measurement and its input."""
    path.write_text(json.dumps(content, indent=1))
