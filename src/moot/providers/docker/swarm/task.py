"""Replicas in a swarm: a slot of the component's service, filled by one task after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Operation, Page, Progress, ProviderError, Scope
from moot.providers.docker.marks import TYPE as KIND
from moot.providers.docker.marks import filters, is_gone, item, labels, require_same
from moot.providers.docker.names import container_name
from moot.providers.docker.swarm.cluster import Cluster, Service, Task
from moot.providers.docker.swarm.observation import detail_of, since, status_of
from moot.providers.docker.swarm.service import TYPE as SERVICE
from moot.providers.docker.swarm.slots import marks_at, names_of, put, seated

TYPE = "docker.task"


class Tasks:
    """Handlers of docker.task."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def create(self, want: Resource, op: Operation) -> Progress:
        """One slot more, in one change of the service; one that bears our marks is there."""
        name = container_name(str(want.properties["base_name"]), op.marks.incarnation)

        def add(spec: dict[str, Any]) -> bool:
            there = marks_at(spec["Labels"], name)
            if there is not None:
                require_same(there, op, "service", name)
                return False
            put(spec, name, labels(TYPE, op))
            return True

        service = self._cluster.change(str(want.properties["service"]), add)
        return Done(self._item(service, name, self._seats(service).get(name)))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The replica now, None where its slot or service is gone."""
        if isinstance(key, ConfigurationItem) and key.identifier:
            identifier, _, name = key.identifier.partition("/")
            service = self._cluster.service(identifier)
            there = marks_at(_labels(service), name) if service else None
            if service is None or there is None or is_gone(there, key):
                return None
            return self._item(service, name, self._seats(service).get(name))
        app = str(key.address).partition("/")[0]
        wanted = {"label": [f"{KIND}={SERVICE}", f"moot.app={app}"]}
        found = [i for i in self._listed(wanted) if i.address == key.address]
        return max(found, key=lambda i: i.incarnation, default=None)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Nothing of a slot can be changed; what runs in it is the service's."""
        raise ProviderError("NotUpdatable", f"task {have.identifier} cannot be changed in place")

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """One slot less; Swarm ends one task, by its signal and after its grace period."""
        identifier, _, name = have.identifier.partition("/")

        def remove(spec: dict[str, Any]) -> bool:
            there = marks_at(spec["Labels"], name)
            if there is None or is_gone(there, have, op):
                return False
            put(spec, name, None)
            return True

        try:
            self._cluster.change(identifier, remove)
        except ProviderError as error:
            if error.code != "NotFound":
                raise
        return Done(None)

    def list(self, scope: Scope, cursor: str | None) -> Page:
        """Those of all services of ours, or of every installation's."""
        wanted = filters(SERVICE, scope) or {"label": [f"{KIND}={SERVICE}"]}
        return Page(tuple(self._listed(wanted)))

    def task(self, have: ConfigurationItem) -> Task | None:
        """The task that stands for a replica now, None where there is none."""
        identifier, _, name = have.identifier.partition("/")
        service = self._cluster.service(identifier)
        if service is None or marks_at(_labels(service), name) is None:
            return None
        return self._seats(service).get(name)

    def _listed(self, wanted: Mapping[str, list[str]]) -> Iterator[ConfigurationItem]:
        """Two requests, however many services there are."""
        services = self._cluster.services(wanted)
        tasks: dict[str, list[Task]] = {}
        for task in self._cluster.tasks(wanted) if services else ():
            tasks.setdefault(task["ServiceID"], []).append(task)
        for service in services:
            names = names_of(_labels(service))
            seats = seated(names, tasks.get(service["ID"], ()))
            yield from (self._item(service, name, seats.get(name)) for name in names)

    def _seats(self, service: Service) -> Mapping[str, Task]:
        tasks = self._cluster.tasks({"service": [service["ID"]]})
        return seated(names_of(_labels(service)), tasks)

    def _item(self, service: Service, name: str, task: Task | None) -> ConfigurationItem:
        identifier = f"{service['ID']}/{name}"
        container = (task["Status"].get("ContainerStatus") or {}) if task else {}
        detail = detail_of(task)
        made = item(
            TYPE,
            self._cluster.engine.venue,
            identifier,
            marks_at(_labels(service), name) or {},
            properties={
                "id": identifier,
                "name": f"{service['Spec']['Name']}.{task['Slot'] if task else '-'}",
                "node": str(task.get("NodeID") or "") if task else "",
                "container": str(container.get("ContainerID") or ""),
            },
            status=status_of(task),
            private={"detail": detail} if detail else {},
        )
        return replace(made, since=since(task))


def _labels(service: Service) -> Mapping[str, str]:
    return service["Spec"].get("Labels") or {}
