"""The swarm behind an Engine: its services and tasks, and changes that others' do not undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from moot.provider import ProviderError
from moot.providers.docker.client import Engine

T = TypeVar("T")
Service = Mapping[str, Any]
Task = Mapping[str, Any]
TRIES = 20  # every replica of a component changes its service, and several do so at a time
NO_SWARM = '"docker swarm init" or'  # of what an Engine says that is in none; a worker's is other


class Cluster:
    """What handlers of several types ask of one swarm."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def node(self) -> str:
        """The id of the node that we talk to; raises InvalidRequest where it is no manager."""
        return str(self.info()["NodeID"])

    def info(self) -> Mapping[str, Any]:
        """What the Engine says of its swarm; raises InvalidRequest where it manages none."""
        swarm = self.engine.call("info", lambda c: c.info())["Swarm"]
        if not swarm.get("ControlAvailable"):
            raise ProviderError(
                "InvalidRequest",
                "this Docker Engine is no manager of a swarm",
                remedy="run `docker swarm init` there, name a manager as 'host' of the venue, or "
                "remove 'swarm' from its settings",
            )
        return swarm

    def service(self, name: str) -> Service | None:
        """A service by id or name, None where it is gone."""
        line = f"service inspect {name[:40]}"
        return if_any(lambda: self.engine.call(line, lambda c: c.inspect_service(name)))

    def services(self, wanted: Mapping[str, list[str]]) -> list[Service]:
        """Those the filters let through."""
        return self._listed("service ls", lambda c: c.services(filters=dict(wanted)))

    def tasks(self, wanted: Mapping[str, list[str]]) -> list[Task]:
        """Those the filters let through; labels are those of the service."""
        return self._listed("task ls", lambda c: c.tasks(filters=dict(wanted)))

    def change(self, identifier: str, edit: Callable[[dict[str, Any]], bool]) -> Service:
        """The service after `edit` of its specification, which says whether it changed anything.

        A change that another was faster than is made again from what is there then.  Raises
        NotFound where the service is gone.
        """
        for _ in range(TRIES):
            found = self.service(identifier)
            if found is None:
                raise ProviderError("NotFound", f"the service {identifier[:12]} is gone")
            spec = dict(found["Spec"])
            spec["Labels"] = dict(spec.get("Labels") or {})
            if not edit(spec):
                return found
            version = found["Version"]["Index"]
            image = spec["TaskTemplate"]["ContainerSpec"]["Image"]
            try:
                self.engine.post(f"/services/{found['ID']}/update?version={version}", spec, image)
            except ProviderError as error:
                if "out of sequence" not in error.message:
                    raise
                continue
            return self.service(identifier) or found
        raise ProviderError("ResourceConflict", "others change this service all the time")

    def _listed(self, line: str, ask: Callable[[Any], list[T]]) -> list[T]:
        return if_any(lambda: self.engine.call(line, ask)) or []


def if_any(ask: Callable[[], T]) -> T | None:
    """The answer, None where there is no such thing, or no swarm that could have it."""
    try:
        return ask()
    except ProviderError as error:
        if error.code == "NotFound" or NO_SWARM in error.message:
            return None
        raise
