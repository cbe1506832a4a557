"""How a component behaves: its needs, limits, health, restarts and updates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from moot.model.app import Healthcheck, Limits, Needs, Restart, Update
from moot.model.units import mebibytes, seconds
from moot.passes.compose.node import Node

_RESTARTS: Mapping[str, Any] = {
    "none": "no",
    "any": "always",
    "always": "always",
    "on-failure": "on-failure",
    "unless-stopped": "unless-stopped",
}


def needs(node: Node) -> Needs:
    """The least a replica must get: its reservations, of GPUs how many and which kind.

    `x-moot.gpu` says how much of GPUs it takes, whatever a device request says for other tools.
    Compose has no word for a reservation of disk, so `x-moot.disk` is one.
    """
    reserved = node.get("deploy", "resources", "reservations") or node.but({})
    memory = reserved.scalar("memory") or node.scalar("mem_reservation") or "0"
    requests = device_requests(node)
    traits = {trait for request in requests for trait in _traits(request)}
    stated = node.scalar("x-moot", "gpu")
    asked = [_gpus(request) for request in requests]
    gpus = sum(asked) if stated is None else inf if stated == "all" else float(stated)
    if gpus and not any(trait.startswith("gpu") for trait in traits):
        traits.add("gpu")
    return Needs(
        cpu=float(reserved.scalar("cpus") or 0),
        memory_mib=mebibytes(int(memory)),
        disk_mib=mebibytes(int(node.scalar("x-moot", "disk") or 0)),
        gpus=gpus,
        gpu_numbers=_numbers(requests) if stated is None else (),
        traits=frozenset(traits),
    )


def device_requests(node: Node) -> list[Mapping[str, Any]]:
    """What `gpus` and the reservations ask for, in canonical form."""
    reserved = node.elements("deploy", "resources", "reservations", "devices")
    return [request.plain() for request in (*node.elements("gpus"), *reserved)]


def _gpus(request: Mapping[str, Any]) -> float:
    """How many it asks for; infinity for all."""
    if "gpu" not in (request.get("capabilities") or ["gpu"]):
        return 0
    if named := request.get("device_ids"):
        return len(named)
    count = request.get("count")
    return inf if count in (None, "all") else int(count)


def _numbers(requests: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
    """Which GPUs are asked for, where all are named by their numbers."""
    named = [str(i) for r in requests if _gpus(r) for i in r.get("device_ids") or ("any",)]
    return tuple(sorted({*map(int, named)})) if all(map(str.isdigit, named)) else ()


def _traits(request: Mapping[str, Any]) -> list[str]:
    """`gpu:nvidia` for a GPU by its driver, `gpu` for any, `device:X` for another ability."""
    abilities: list[str] = request.get("capabilities") or ["gpu"]
    driver = request.get("driver")
    if "gpu" in abilities:
        return [f"gpu:{driver}" if driver else "gpu"]
    return [f"device:{ability}" for ability in abilities]


def limits(node: Node) -> Limits:
    """The most a replica may take; 0 and -1 are no limit, as in Compose."""
    stated = node.get("deploy", "resources", "limits") or node.but({})
    cpu = stated.scalar("cpus") or node.scalar("cpus")
    memory = stated.scalar("memory") or node.scalar("mem_limit")
    pids = stated.scalar("pids") or node.scalar("pids_limit")
    return Limits(
        cpu=float(cpu) if cpu else None,
        memory_mib=mebibytes(int(memory)) if memory and int(memory) else None,
        pids=pids if pids and pids > 0 else None,
    )


def healthcheck(node: Node) -> Healthcheck | None:
    """The health check, or None where there is none, it is switched off, or it is the image's."""
    check = node.get("healthcheck") or node.but({})
    test: list[str] = check.scalar("test") or ["NONE"]
    if check.scalar("disable") or test[0] == "NONE" or len(test) < 2:
        return None
    stated: dict[str, Any] = {
        f"{key}_s": seconds(check.scalar(key))
        for key in ("interval", "timeout", "start_period", "start_interval")
        if check.get(key) is not None
    }
    if check.scalar("retries"):
        stated["retries"] = check.scalar("retries")
    return Healthcheck(test=tuple(test[1:] if test[0] == "CMD" else test), **stated)


def restart(node: Node) -> Restart:
    """`deploy.restart_policy` where it is given, else `restart`."""
    policy = node.get("deploy", "restart_policy")
    if policy is not None:
        return Restart(
            condition=_RESTARTS[policy.scalar("condition") or "any"],
            attempts=policy.scalar("max_attempts"),
            delay_s=seconds(policy.scalar("delay") or "0"),
            window_s=seconds(policy.scalar("window") or "0"),
        )
    condition, _, attempts = str(node.scalar("restart") or "no").partition(":")
    return Restart(
        condition=_RESTARTS.get(condition, "no"), attempts=int(attempts) if attempts else None
    )


def update(node: Node) -> Update:
    """How replicas are replaced, from `deploy.update_config`."""
    config = node.get("deploy", "update_config") or node.but({})
    parallelism = config.scalar("parallelism")
    return Update(
        parallelism=1 if parallelism is None else parallelism,
        delay_s=seconds(config.scalar("delay") or "0"),
        order=config.scalar("order") or "start-first",
    )
