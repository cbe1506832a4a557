"""Handler of `host.process`: one replica under a supervisor of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moot.model.resource import ConfigurationItem, Resource, Status
from moot.model.value import JSON
from moot.provider import Done, Marks, Operation, Pending, Progress
from moot.providers.host.machine import Machine, readable
from moot.providers.host.schemas import AMENDABLE
from moot.providers.host.survey import Record

TYPE = "host.process"
SHOWN = ("replica", "command", "working_dir", "user", "targets", "fixed", "tell_ports", "volumes")
SHOWN += ("scratch", "healthcheck", "limits", *AMENDABLE)


class ProcessHandler:
    """A process is its run folder: what was asked (spec.json), how it is (status.json), its log."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def create(self, want: Resource, op: Operation) -> Progress:
        wanted = dict(want.properties)
        files = wanted.pop("files")
        volumes = {name: self._path(path) for name, path in wanted["volumes"].items()}
        environment = {name: str(value) for name, value in wanted["environment"].items()}
        spec = {**wanted, "volumes": volumes, "environment": environment}
        spec["own_users"] = self.machine.own_users
        component, _, index = wanted["replica"].split("/", 1)[1].rpartition("/")
        folder = self.machine.run_folder(op.marks, f"{component}.{index}")
        record = launch(self.machine, TYPE, folder, op.marks, spec, files=files)
        return Done(describe(self.machine, record))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        if isinstance(key, ConfigurationItem):
            return described(self.machine, TYPE, key.identifier)
        return newest(self.list(), key.address)

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        changes = {name: want.properties[name] for name in AMENDABLE}
        self.machine.errand("amend", folder=item.identifier, changes=changes)
        return Done(self.read(item))

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        return end(self.machine, TYPE, item, op)

    def list(self) -> Iterator[ConfigurationItem]:
        return runs(self.machine, TYPE)

    def _path(self, source: str) -> str:
        """Where a mount's data is: an external volume goes by its name here, the rest by path."""
        return source if source.startswith("/") else f"{self.machine.data}/volumes/{source}/data"


def launch(
    machine: Machine,
    type: str,
    folder: str,
    marks: Marks,
    spec: Mapping[str, JSON],
    *,
    files: JSON = (),
    texts: Mapping[str, str] | None = None,
) -> Record:
    """Have a run folder made and its supervisor started; both are left alone where they are."""
    record = machine.errand(
        "start",
        folder=folder,
        marks={**marks.as_labels(), "moot.type": type},
        spec={"path": machine.path, "binds": [], **spec},
        files=list(files),
        texts=dict(texts or {}),
        **machine.surroundings(),
    )
    return readable(record)


def end(machine: Machine, type: str, item: ConfigurationItem, op: Operation) -> Progress:
    """Stop what runs in a run folder and remove it; Pending as long as its grace period takes."""
    folder = item.identifier
    tries = int((op.resume or {}).get("tries", 0))
    waiting = Pending(min(0.05 * 2**tries, 1.0), {"tries": tries + 1}, "stopping")
    gone = machine.errand(
        "stop",
        folder=folder,
        marks={**op.marks.as_labels(), "moot.type": type},
        patience_s=0.2,
        **machine.surroundings(),
    )
    return Done(None) if gone else waiting


def runs(machine: Machine, type: str) -> Iterator[ConfigurationItem]:
    """Everything of a type that has a run folder, whoever's it is."""
    for record in machine.records(type):
        if item := describe(machine, record):
            yield item


def newest(items: Iterator[ConfigurationItem], address: str) -> ConfigurationItem | None:
    """The latest incarnation of what has this address."""
    found = [item for item in items if item.address == address]
    return max(found, key=lambda item: item.incarnation, default=None)


def described(machine: Machine, type: str, folder: str) -> ConfigurationItem | None:
    """The thing of a type in this run folder; None where there is none."""
    record = machine.record(folder)
    return describe(machine, record) if record and record["type"] == type else None


def describe(machine: Machine, record: Record) -> ConfigurationItem | None:
    """A record as an item; None where its marks are not ours to read."""
    marks = Marks.from_labels(record["marks"])
    if marks is None:
        return None
    spec, seen = record["spec"], record["status"]
    status, note = _status(record)
    child = seen.get("child") or {}
    running = status in {"running", "healthy", "unhealthy", "starting"}
    detail = _detail(record, note) if status not in {"running", "healthy"} else ""
    seen_now = ConfigurationItem(
        type=record["type"],
        venue=machine.venue,
        identifier=record["folder"],
        status=status,
        since=seen.get("since"),
        properties={
            **{name: spec[name] for name in SHOWN if name in spec},
            "folder": record["folder"],
            "pid": child.get("pid") if running else None,
            "address": machine.address,
            "ports": spec.get("ports", {}),
            "restarts": seen.get("restarts", 0),
            "exit_code": seen.get("exit_code"),
            "enforced": spec.get("enforced", {}),
            "secrets_in": spec.get("secrets_in"),
        },
        private={"detail": detail} if detail else {},
    )
    return marks.on(seen_now)


def _status(record: Record) -> tuple[Status, str]:
    """What is true now: a supervisor that was killed cannot say so itself."""
    seen = record["status"]
    if not seen:
        return "failed", "it was never started"
    if seen["status"] in {"completed", "failed"}:
        return seen["status"], seen.get("note", "")
    if seen.get("boot", record["boot"]) != record["boot"]:
        return "failed", "the machine was restarted"
    if seen["status"] == "stopped":
        return "failed", "it was stopped"
    if record["alive"]:
        return seen["status"], seen.get("note", "")
    return "failed", "its supervisor was killed"


def _detail(record: Record, note: str) -> str:
    """Why it is not well: the note, exit code, failing probe, and the last lines it wrote."""
    seen = record["status"]
    parts = [note] if note else []
    if seen.get("exit_code"):
        parts.append(f"exit code {seen['exit_code']}")
    if seen.get("restarts"):
        parts.append(f"restarted {seen['restarts']} times")
    if seen.get("failing"):
        said = seen.get("probe", "").strip()
        times = f"health check failed {seen['failing']} times"
        parts.append(f"{times}: {said}" if said else times)
    return "\n".join([*parts, *record["tail"]])
