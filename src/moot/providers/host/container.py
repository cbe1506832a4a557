"""Handler of `host.container`: one replica as a container of the machine's own engine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from moot.model.resource import ConfigurationItem, Resource, Status
from moot.provider import Done, Env, Marks, Operation, Pending, Progress
from moot.providers.host.container_words import after_image, change_words, words
from moot.providers.host.machine import Machine
from moot.providers.host.process import newest
from moot.providers.host.survey import Record

TYPE = "host.container"
AMENDABLE = ("restart", "stop_grace_s")
KEPT = ("replica", "reference", "image", "targets", "publish", "networks", "limits", *AMENDABLE)
PATIENCE_S = 0.5
UP = {"running", "restarting", "paused"}


class ContainerHandler:
    """A container is a record folder on the machine, and what the engine there makes of it."""

    def __init__(self, machine: Machine, env: Env) -> None:
        self.machine = machine
        self.env = env

    def create(self, want: Resource, op: Operation) -> Progress:
        wanted = want.properties
        component, _, index = wanted["replica"].split("/", 1)[1].rpartition("/")
        folder = self.machine.run_folder(op.marks, f"container.{component}.{index}")
        secrets = [{**secret, "secret": True} for secret in wanted.get("secrets") or ()]
        files = [*(wanted.get("files") or ()), *secrets]
        environment = {key: str(value) for key, value in (wanted.get("environment") or {}).items()}
        self.machine.errand(
            "run_container",
            folder=folder,
            marks={**op.marks.as_labels(), "moot.type": TYPE},
            spec={
                **{key: wanted[key] for key in KEPT if key in wanted},
                "address": _bound(self.machine.address),
                "targets": wanted.get("targets") or [],
                "networks": self._networks(op.marks, wanted.get("networks") or {}),
                "environment": environment,
                "command": after_image(wanted),
            },
            words=words(wanted, self._path),
            files=files,
            **self.machine.surroundings(),
        )
        return Done(self._described(folder))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        if isinstance(key, ConfigurationItem):
            return self._described(key.identifier)
        return newest(self.list(), key.address)

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        changes = {name: want.properties[name] for name in AMENDABLE if name in want.properties}
        same = item.properties.get("restart") == want.properties.get("restart")
        self.machine.errand(
            "amend_container",
            folder=item.identifier,
            words=[] if same else change_words(want.properties),
            changes=changes,
        )
        return Done(self._described(item.identifier))

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        """Asked to end by its own signal, removed when it has; after its grace period anyway."""
        grace_s = float(item.properties.get("stop_grace_s") or 10.0)
        resume = op.resume or {"tries": 0, "until": self.env.now() + grace_s + 5.0}
        gone = self.machine.errand(
            "end_container",
            folder=item.identifier,
            marks={**op.marks.as_labels(), "moot.type": TYPE},
            late=self.env.now() > resume["until"],
            patience_s=PATIENCE_S,
            **self.machine.surroundings(),
        )
        if gone:
            return Done(None)
        pause = min(0.1 * 2 ** resume["tries"], 1.0)
        return Pending(pause, {**resume, "tries": resume["tries"] + 1}, "stopping")

    def list(self) -> Iterator[ConfigurationItem]:
        for record in self.machine.records(TYPE):
            if item := self._item(record):
                yield item

    def _described(self, folder: str) -> ConfigurationItem | None:
        record = self.machine.record(folder)
        return self._item(record) if record and record["type"] == TYPE else None

    def _item(self, record: Record) -> ConfigurationItem | None:
        marks = Marks.from_labels(record["marks"])
        if marks is None:
            return None
        found, spec = record["container"] or {}, record["spec"]
        status = _status(found)
        detail = _detail(found, record["tail"]) if status in {"failed", "starting"} else ""
        seen = ConfigurationItem(
            type=TYPE,
            venue=self.machine.venue,
            identifier=record["folder"],
            status=status,
            since=_since(found),
            properties={
                **{key: spec[key] for key in KEPT if key in spec and key != "networks"},
                "id": found.get("Id", ""),
                "name": found.get("Name", "").lstrip("/"),
                "address": self.machine.address,
                "ports": spec.get("ports", {}),
                "restarts": found.get("RestartCount", 0),
                "folder": record["folder"],
            },
            private={"detail": detail} if detail else {},
        )
        return marks.on(seen)

    def _networks(self, marks: Marks, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """By the engine's names, which tell one installation's and one App's from another's."""
        prefix = f"moot-{marks.installation[:8]}-{marks.app}"
        return {f"{prefix}-{name}": aliases for name, aliases in wanted.items()}

    def _path(self, source: str) -> str:
        """Where a volume's data is: an external one goes by its name here, the rest by path."""
        return source if source.startswith("/") else f"{self.machine.data}/volumes/{source}/data"


def _bound(address: str) -> str:
    """What a port can be published at: an address, where the machine is known by a name all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - a machine that is reached by a name only
    return f"[{found}]" if found.version == 6 else str(found)


def _status(found: Mapping[str, Any]) -> Status:
    """One that ended well has completed, unless it was to run for ever."""
    state = found.get("State") or {}
    for_ever = {"always", "unless-stopped"}
    match state.get("Status"):
        case "running":
            health = (state.get("Health") or {}).get("Status")
            return health if health in {"starting", "healthy", "unhealthy"} else "running"
        case "paused":
            return "unhealthy"
        case "restarting":
            return "starting"
        case "exited" if state.get("ExitCode") == 0:
            policy = (found["HostConfig"].get("RestartPolicy") or {}).get("Name")
            return "failed" if policy in for_ever else "completed"
        case _:
            return "failed"


def _detail(found: Mapping[str, Any], tail: list[str]) -> str:
    """Why it is not well, as far as the engine and its own last lines tell."""
    if not found:
        return "the machine's engine has no such container"
    state = found["State"]
    parts = [state["Error"]] if state.get("Error") else []
    if state.get("Status") == "created" and not parts:
        parts = ["its start was interrupted"]
    parts += [f"exit code {state['ExitCode']}"] if state.get("ExitCode") else []
    parts += ["killed for lack of memory"] if state.get("OOMKilled") else []
    return "\n".join((*parts, *tail))


def _since(found: Mapping[str, Any]) -> float | None:
    state = found.get("State") or {}
    text = str(state.get("StartedAt" if state.get("Status") in UP else "FinishedAt") or "")
    if not re.match(r"(?!0001)\d{4}-", text):
        return None
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp()
