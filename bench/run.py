"""Runs the benchmarks: `python -m bench.run [--short] [NAME...]` writes results and figures.

`bench/results.json` is the record, `docs/figures.md` is made from it.
With names only those are measured, and the figures of the others stay as they were.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from bench import (
    affinity,
    buying,
    calibration,
    conflict,
    containers,
    fanout,
    figures,
    fleet,
    gpus,
    history,
    images,
    incremental,
    kills,
    loss,
    market,
    planning,
    simulating,
    skypilot,
    start,
    terraform,
    trouble,
    walking,
)
from bench.figure import Figure, Missing
from moot.cli.run import COLLECTED_AFTER

Results = dict[str, list[figures.Row]]
RESULTS = Path(__file__).with_name("results.json")
BENCHMARKS = {
    "calibration": calibration,
    "start": start,
    "planning": planning,
    "conflict": conflict,
    "market": market,
    "buying": buying,
    "skypilot": skypilot,
    "fleet": fleet,
    "affinity": affinity,
    "gpus": gpus,
    "incremental": incremental,
    "containers": containers,
    "images": images,
    "loss": loss,
    "kills": kills,
    "walking": walking,
    "terraform": terraform,
    "history": history,
    "simulating": simulating,
    "fanout": fanout,
    "trouble": trouble,
}


def main(argv: list[str]) -> int:
    """Measure, and print each figure with its bound; 1 when a benchmark could not run."""
    parser = argparse.ArgumentParser(prog="python -m bench.run")
    parser.add_argument("--short", action="store_true", help="few runs, and nothing is written")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    options = parser.parse_args(argv)
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    measured: dict[str, list[Figure]] = {}
    failed = False
    for name in options.names or BENCHMARKS:
        try:
            measured[name] = alone(name, options.short)
        except Missing as what:
            print(f"{name}: skipped, {what}", file=sys.stderr)
        except subprocess.CalledProcessError as error:
            failed = True
            print(f"{name}: failed, {error}\n{error.stderr}", file=sys.stderr)
    for figure in (figure for found in measured.values() for figure in found):
        print(figures.sentence(asdict(figure)))
    if not options.short:
        RESULTS.write_text(json.dumps(merged(measured), indent=2) + "\n")
        figures.write()
    return int(failed)


def alone(name: str, short: bool) -> list[Figure]:
    """Measured in a process of its own, which has no other's memory; garbage is collected as in a
    command.
    """
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, spawn, gc.set_threshold, COLLECTED_AFTER) as pool:
        return pool.submit(BENCHMARKS[name].measure, short).result()


def merged(measured: Mapping[str, list[Figure]]) -> Results:
    """By benchmark what was measured now, in place of what it was before."""
    before: Results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    now: Results = {name: [asdict(figure) for figure in found] for name, found in measured.items()}
    return {name: (before | now)[name] for name in BENCHMARKS if name in before | now}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
