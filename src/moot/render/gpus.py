"""The GPUs of a replica -> what tells a container engine, or a process, to use these and no others.

A part of a GPU is room that nobody else is promised; no engine keeps a replica within it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moot.model.placement import Assignment
from moot.model.value import Value


def gpu_options(container: Mapping[str, Any], assignment: Assignment) -> dict[str, Value]:
    """The `options` of a container with the GPUs that were chosen in place of a number of them;
    nothing where none were, and where the user names them otherwise than by number.
    """
    options: Mapping[str, Any] = container.get("options") or {}
    if not assignment.gpus:
        return {}
    requests: list[Mapping[str, Any]] = list(options.get("gpus") or ())
    asked = [request for request in requests if _is_gpu(request)]
    others = [request for request in requests if not _is_gpu(request)]
    if any(not str(name).isdigit() for one in asked for name in one.get("device_ids") or ()):
        return {}
    first = {k: v for k, v in asked[0].items() if k != "count"} if asked else {}
    chosen = {"capabilities": ["gpu"], **first, "device_ids": [str(n) for n in assignment.gpus]}
    return {"options": {**options, "gpus": [chosen, *others]}}


def gpu_variables(assignment: Assignment) -> dict[str, str]:
    """What the runtimes of the makers of GPUs look at; they count as the bus does."""
    if not assignment.gpus:
        return {}
    numbers = ",".join(map(str, assignment.gpus))
    if "gpu:amd" in assignment.offering.traits:
        return {"ROCR_VISIBLE_DEVICES": numbers}
    return {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": numbers,
        "NVIDIA_VISIBLE_DEVICES": numbers,
    }


def _is_gpu(request: Mapping[str, Any]) -> bool:
    return "gpu" in (request.get("capabilities") or ["gpu"])
