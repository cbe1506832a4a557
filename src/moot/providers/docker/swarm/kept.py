"""Configs and secrets: files that the managers keep and bring to every task, never changed."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Literal

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
from moot.providers.docker.names import container_name
from moot.providers.docker.swarm.cluster import if_any

Kind = Literal["config", "secret"]


class Kept:
    """Handlers of docker.config or docker.secret.  What a secret holds is never given back."""

    def __init__(self, engine: Engine, kind: Kind) -> None:
        self._engine = engine
        self._kind = kind
        self._type = f"docker.{kind}"

    def create(self, want: Resource, op: Operation) -> Progress:
        """Made under its own name; one that is there with our marks is taken as it is."""
        name = container_name(str(want.properties["base_name"]), op.marks.incarnation)
        content = str(want.properties["content"])
        packed = want.properties.get("encoding") == "base64"
        raw = content.encode("utf-8", "surrogateescape")
        data = content if packed else base64.b64encode(raw).decode()
        body = {"Name": name, "Labels": labels(self._type, op), "Data": data}
        try:
            self._engine.post(f"/{self._kind}s/create", body)
        except ProviderError as error:
            if error.code != "AlreadyExists":
                raise
        found = self._inspect(name)
        if found is None:
            raise ProviderError("NotStabilized", f"{self._kind} {name} vanished as soon as made")
        require_same(found["Spec"].get("Labels") or {}, op, self._kind, name)
        return Done(self._item(found))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The file now, None where it is gone."""
        if isinstance(key, ConfigurationItem) and key.identifier:
            found = self._inspect(key.identifier)
            gone = found is None or is_gone(found["Spec"].get("Labels"), key)
            return None if found is None or gone else self._item(found)
        assert key.address, "only those of ours are looked up by address"
        items = self._listed(address_filters(self._type, key.address))
        return max(items, key=lambda i: i.incarnation, default=None)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Nothing of it can be changed while it is there."""
        raise ProviderError("NotUpdatable", f"a {self._kind} of a swarm cannot be changed")

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """Removed; Swarm refuses while a service has it."""
        found = self._inspect(have.identifier)
        if found is None or is_gone(found["Spec"].get("Labels"), have, op):
            return Done(None)

        def remove(client: Any) -> None:
            url = f"{client.base_url}/v{client.api_version}/{self._kind}s/{found['ID']}"
            client._raise_for_status(client.delete(url, timeout=client.timeout))

        try:
            self._engine.call(f"{self._kind} rm {found['Spec']['Name']}", remove)
        except ProviderError as error:
            if error.code != "NotFound":
                raise
        return Done(None)

    def list(self, scope: Scope, cursor: str | None) -> Page:
        """Ours, or everybody's."""
        return Page(tuple(self._listed(filters(self._type, scope))))

    def _listed(self, wanted: Mapping[str, list[str]]) -> list[ConfigurationItem]:
        ask = {"config": "configs", "secret": "secrets"}[self._kind]
        found = if_any(
            lambda: self._engine.call(
                f"{self._kind} ls", lambda c: getattr(c, ask)(filters=dict(wanted))
            )
        )
        return [self._item(one) for one in found or ()]

    def _inspect(self, name: str) -> Mapping[str, Any] | None:
        """By id or name."""

        def get(client: Any) -> Mapping[str, Any]:
            url = f"{client.base_url}/v{client.api_version}/{self._kind}s/{name}"
            response = client.get(url, timeout=client.timeout)
            client._raise_for_status(response)
            return response.json()

        return if_any(lambda: self._engine.call(f"{self._kind} inspect {name[:40]}", get))

    def _item(self, found: Mapping[str, Any]) -> ConfigurationItem:
        return item(
            self._type,
            self._engine.venue,
            found["ID"],
            found["Spec"].get("Labels") or {},
            properties={"id": found["ID"], "name": found["Spec"]["Name"]},
        )
