"""Asks SkyPilot's optimizer, in whose Python this runs: questions as JSON in, its choices out."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

BEGAN_S = time.process_time()

import sky  # noqa: E402 - what it takes to be there is part of the answer
from sky import global_user_state  # noqa: E402
from sky.clouds import CloudCapability  # noqa: E402
from sky.optimizer import Optimizer  # noqa: E402


def main() -> None:
    """The first question is asked twice: for its answer the catalogue is read."""
    global_user_state.set_allowed_clouds(["aws"], "default")
    global_user_state.set_enabled_clouds(["aws"], CloudCapability.COMPUTE, "default")
    questions = json.loads(sys.argv[1])
    asked(questions[0])
    ready_s = time.process_time() - BEGAN_S
    found = [asked(question) for question in questions]
    print(json.dumps({"ready_s": ready_s, "found": found}))  # after lines of its own


def asked(question: dict[str, Any]) -> dict[str, Any]:
    """What it chooses for one task, and how long that takes."""
    began, began_s = time.perf_counter(), time.process_time()
    gpu = {"accelerators": {question["gpu"]: question["gpus"]}} if question["gpu"] else {}
    with sky.Dag() as dag:
        task = sky.Task(name="one", run="true")
        task.set_resources(
            sky.Resources(
                cloud=sky.AWS(),
                cpus=f"{question['cpu']}+",
                memory=f"{question['gib']}+",
                region=question["region"] or None,
                **gpu,
            )
        )
    Optimizer.optimize(dag, quiet=True)
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - began_s
    chosen = dag.tasks[0].best_resources
    return {
        "type": chosen.instance_type,
        "region": chosen.region,
        "hourly": chosen.get_cost(3600),
        "cpu_s": cpu_s,
        "wall_s": took_s,
    }


if __name__ == "__main__":
    main()
