"""Handler of every type that a recipe is made of: on the machine they are one errand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Marks, Operation, Pending, Progress
from moot.providers.host.machine import Machine


class RecipeHandler:
    """A thing is its record folder, and being brought about again changes nothing.

    So a create, one that is repeated and an update are the same request.  What takes long is a job
    of the machine's, and a connection that is cut neither ends nor repeats it.
    """

    def __init__(self, machine: Machine, type: str) -> None:
        self.machine, self.type = machine, type

    def create(self, want: Resource, op: Operation) -> Progress:
        return self._configure(self.machine.run_folder(op.marks, folder_name(op.marks)), want, op)

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        if isinstance(key, Resource):
            found = [item for item in self.list() if item.address == key.address]
            return max(found, key=lambda item: item.incarnation, default=None)
        record = self.machine.record(key.identifier)
        return self._seen(record) if record else None

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        return self._configure(item.identifier, want, op)

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        waiting = self.machine.errand(
            "unconfigure",
            folder=item.identifier,
            marks=op.marks.as_labels(),
            data=self.machine.data,
            root=self.machine.root,
            job=_resume(op).get("job", ""),
        )
        return _pending(waiting, op) if waiting else Done(None)

    def list(self) -> Iterator[ConfigurationItem]:
        for record in self.machine.records(self.type):
            if item := self._seen(record):
                yield item

    def _configure(self, folder: str, want: Resource, op: Operation) -> Progress:
        answer = self.machine.errand(
            "configure",
            type=self.type,
            folder=folder,
            marks=op.marks.as_labels(),
            wanted=dict(want.properties),
            address=self.machine.address,
            data=self.machine.data,
            root=self.machine.root,
            job=_resume(op).get("job", ""),
        )
        if answer["waiting"]:
            return _pending(answer["waiting"], op)
        return Done(self._item(folder, op.marks, answer["seen"]))

    def _seen(self, record: Mapping[str, Any]) -> ConfigurationItem | None:
        marks = Marks.from_labels(record["marks"])
        return self._item(record["folder"], marks, record["seen"]) if marks else None

    def _item(self, folder: str, marks: Marks, seen: Mapping[str, Any]) -> ConfigurationItem:
        return marks.on(
            ConfigurationItem(
                type=self.type,
                venue=self.machine.venue,
                identifier=folder,
                properties={**seen, "folder": folder},
            )
        )


def folder_name(marks: Marks) -> str:
    """A folder name for an address: `web-file-2f4c...`."""
    owner, _, path = marks.address.partition("/recipe/")
    component = owner.partition("@")[0].partition("/")[2]
    digest = hashlib.sha256(f"{component}/{path}".encode()).hexdigest()[:12]
    return "-".join(filter(None, (component, path.partition("/")[0], digest)))


def _resume(op: Operation) -> Mapping[str, Any]:
    return op.resume or {}


def _pending(waiting: Mapping[str, Any], op: Operation) -> Pending:
    """Look again soon at first, then twice a second."""
    tries = int(_resume(op).get("tries", 0))
    resume = {"tries": tries + 1, "job": waiting["job"]}
    return Pending(min(0.05 * 2 ** min(tries, 10), 0.5), resume, waiting["note"])
