"""What a swarm says of a task, as the status of a replica."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moot.model.resource import Status
from moot.model.value import JSON
from moot.providers.docker.body import MIB
from moot.providers.docker.swarm.cluster import Task

ENDED = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})


def observed(spec: Mapping[str, Any]) -> dict[str, JSON]:
    """What of a service's specification others may have changed, in the words it was asked in."""
    container: Mapping[str, Any] = spec["TaskTemplate"].get("ContainerSpec") or {}
    resources: Mapping[str, Any] = spec["TaskTemplate"].get("Resources") or {}
    words = {
        "Command": "entrypoint",
        "Args": "command",
        "User": "user",
        "Dir": "working_dir",
        "StopSignal": "stop_signal",
    }
    return {
        **{key: container[word] for word, key in words.items() if word in container},
        "stop_grace_s": container.get("StopGracePeriod", 0) / 1e9,
        "limits": _limits(resources.get("Limits") or {}),
        "reserved": _limits(resources.get("Reservations") or {}),
    }


def status_of(task: Task | None) -> Status:
    """Of the newest task in a slot.

    Swarm holds a task back until its health check passes, and ends one that becomes unhealthy.
    One that ended and is to be started again is starting.
    """
    if task is None:
        return "starting"
    again = _condition(task)
    match task["Status"]["State"]:
        case "running":
            check = task["Spec"]["ContainerSpec"].get("Healthcheck") or {}
            return "healthy" if check.get("Test", ["NONE"])[0] != "NONE" else "running"
        case "complete":
            return "starting" if again == "any" else "completed"
        case "failed" | "rejected":
            return "failed" if again == "none" else "starting"
        case _:
            return "starting"


def detail_of(task: Task | None) -> str:
    """Why it is not running, as far as Swarm knows; "" where it runs."""
    if task is None or task["Status"]["State"] == "running":
        return ""
    status: Mapping[str, Any] = task["Status"]
    said = status.get("Err") or status.get("Message") or ""
    code = (status.get("ContainerStatus") or {}).get("ExitCode")
    return f"{status['State']}: {said}" + (f" (exit code {code})" if code else "")


def since(task: Task | None) -> float | None:
    """When it came into the condition it is in."""
    text = str(task["Status"].get("Timestamp") or "") if task else ""
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp() if text else None


def _limits(found: Mapping[str, Any]) -> dict[str, JSON]:
    words = {"NanoCPUs": ("cpu", 1e9), "MemoryBytes": ("memory_mib", MIB), "Pids": ("pids", 1)}
    made = {key: found[word] / by for word, (key, by) in words.items() if found.get(word)}
    return {key: int(value) if value.is_integer() else value for key, value in made.items()}


def _condition(task: Task) -> str:
    return str((task["Spec"].get("RestartPolicy") or {}).get("Condition") or "any")
