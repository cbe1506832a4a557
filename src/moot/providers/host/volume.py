"""Handler of `host.volume`: a folder that outlives the replicas that use it."""

from __future__ import annotations

from collections.abc import Iterator

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Marks, Operation, Progress
from moot.providers.host.machine import Machine

TYPE = "host.volume"


class VolumeHandler:
    """Volumes are `volumes/NAME` below the venue's data; what a replica sees is `data` in there."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def create(self, want: Resource, op: Operation) -> Progress:
        folder = f"{self.machine.data}/volumes/{want.properties['name']}"
        self.machine.errand(
            "make_volume", folder=folder, marks=op.marks.as_labels(), data=self.machine.data
        )
        return Done(self._item(folder, op.marks))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        folder = f"{self.machine.data}/volumes/{key.properties['name']}"
        record = self.machine.record(folder)
        marks = Marks.from_labels(record["marks"]) if record else None
        return self._item(folder, marks) if marks and marks.address == key.address else None

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Nothing about a folder can be changed in place."""
        return Done(self.read(item))

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        self.machine.errand(
            "remove_volume",
            folder=item.private["folder"],
            marks=op.marks.as_labels(),
            data=self.machine.data,
            root=self.machine.root,
        )
        return Done(None)

    def list(self) -> Iterator[ConfigurationItem]:
        for record in self.machine.records(TYPE):
            if marks := Marks.from_labels(record["marks"]):
                yield self._item(record["folder"], marks)

    def _item(self, folder: str, marks: Marks) -> ConfigurationItem:
        return marks.on(
            ConfigurationItem(
                type=TYPE,
                venue=self.machine.venue,
                identifier=f"{folder}/data",
                properties={"name": folder.rpartition("/")[2], "path": f"{folder}/data"},
                private={"folder": folder},
            )
        )
