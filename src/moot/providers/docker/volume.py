"""Volumes: what holds data, made once and removed only when asked for by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Operation, Page, Progress, ProviderError, Scope
from moot.providers.docker.client import Engine
from moot.providers.docker.marks import (
    address_filters,
    filters,
    is_gone,
    item,
    labels,
    require_same,
)

TYPE = "docker.volume"


class Volumes:
    """Handlers of docker.volume."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, want: Resource, op: Operation) -> Progress:
        """Made under its own name.  The Engine hands out what is there, so whose it is counts."""
        name = str(want.properties["name"])
        given = dict(want.properties.get("driver_opts") or {})
        options = {key: str(value) for key, value in given.items()}
        own = dict(want.properties.get("labels") or {})
        found = self._engine.call(
            f"volume create {name}",
            lambda c: c.create_volume(
                name,
                driver=want.properties.get("driver") or "local",
                driver_opts=options,
                labels=labels(TYPE, op, own),
            ),
        )
        require_same(found["Labels"] or {}, op, "volume", name)
        return Done(self._item(found))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The volume now, None where it is gone."""
        if isinstance(key, ConfigurationItem) and key.identifier:
            found = self._inspect(key.identifier)
            return None if found is None or is_gone(found["Labels"], key) else self._item(found)
        assert key.address, "only volumes of ours are looked up by address"
        items = self._listed(address_filters(TYPE, key.address))
        return max(items, key=lambda i: i.incarnation, default=None)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Nothing of a volume can be changed while it is there."""
        raise ProviderError("NotUpdatable", f"volume {have.identifier} cannot be changed in place")

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """Removed with its data; the Engine refuses while a container has it."""
        found = self._inspect(have.identifier)
        if found is None or is_gone(found["Labels"], have, op):
            return Done(None)
        try:
            self._engine.call(
                f"volume rm {have.identifier}", lambda c: c.remove_volume(have.identifier)
            )
        except ProviderError as error:
            if error.code != "NotFound":
                raise
        return Done(None)

    def list(self, scope: Scope, cursor: str | None) -> Page:
        """Ours, or everybody's."""
        return Page(tuple(self._listed(filters(TYPE, scope))))

    def _listed(self, wanted: Mapping[str, list[str]]) -> list[ConfigurationItem]:
        found = self._engine.call("volume ls", lambda c: c.volumes(filters=dict(wanted)))
        return [self._item(volume) for volume in found["Volumes"] or ()]

    def _inspect(self, name: str) -> Mapping[str, Any] | None:
        try:
            return self._engine.call(f"volume inspect {name}", lambda c: c.inspect_volume(name))
        except ProviderError as error:
            if error.code == "NotFound":
                return None
            raise

    def _item(self, found: Mapping[str, Any]) -> ConfigurationItem:
        return item(
            TYPE,
            self._engine.venue,
            found["Name"],
            found["Labels"] or {},
            properties={
                "id": found["Name"],
                "name": found["Name"],
                "mountpoint": found.get("Mountpoint", ""),
            },
            keeps_data=True,
        )
