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
        marks = Marks.from_labels(self.machine.load(f"{folder}/marks.json"))
        return self._item(folder, marks) if marks and marks.address == key.address else None

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Nothing about a folder can be changed in place."""
        return Done(self.read(item))

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        folder = item.private["folder"]
        if self.machine.shell.get(f"{folder}/marks.json") is None:
            return Done(None)
        self.machine.errand(
            "remove_volume",
            folder=folder,
            marks=op.marks.as_labels(),
            data=self.machine.data,
            root=self.machine.root,
        )
        return Done(None)

    def list(self) -> Iterator[ConfigurationItem]:
        for path, labels in self.machine.documents("volumes/*/marks.json"):
            if marks := Marks.from_labels(labels):
                yield self._item(path.rpartition("/")[0], marks)

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
