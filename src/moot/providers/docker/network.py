"""Networks: one segment each, in which components find one another by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
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

TYPE = "docker.network"
BUILT_IN = ("bridge", "host", "none")


class Networks:
    """Handlers of docker.network."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, want: Resource, op: Operation) -> Progress:
        """Made under its own name; one that is there with our marks is taken as it is."""
        name = str(want.properties["name"])
        body = {
            "Name": name,
            "CheckDuplicate": True,
            "Driver": want.properties.get("driver") or "bridge",
            "Internal": bool(want.properties.get("internal")),
            "Attachable": bool(want.properties.get("attachable", True)),
            "EnableIPv6": bool(want.properties.get("enable_ipv6")),
            "IPAM": _ipam(want.properties.get("ipam") or {}),
            "Options": {k: str(v) for k, v in _mapping(want, "driver_opts").items()},
            "Labels": labels(TYPE, op, _mapping(want, "labels")),
        }
        if "enable_ipv4" in want.properties:
            body["EnableIPv4"] = bool(want.properties["enable_ipv4"])
        try:
            self._engine.post("/networks/create", body)
        except ProviderError as error:
            if error.code != "AlreadyExists":
                raise
        found = self._oldest(name)
        if found is None:
            raise ProviderError("NotStabilized", f"network {name} vanished as soon as it was made")
        require_same(found["Labels"] or {}, op, "network", name)
        return Done(self._item(found))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The network now, None where it is gone."""
        if isinstance(key, ConfigurationItem) and key.identifier:
            found = self._inspect(key.identifier)
            return None if found is None or is_gone(found["Labels"], key) else self._item(found)
        assert key.address, "only networks of ours are looked up by address"
        items = self._listed(address_filters(TYPE, key.address))
        return max(items, key=lambda i: i.incarnation, default=None)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Nothing of a network can be changed while it is there."""
        raise ProviderError("NotUpdatable", f"network {have.identifier} cannot be changed in place")

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """Removed, after containers of the same app have been taken out of it."""
        found = self._inspect(have.identifier)
        if found is None or is_gone(found["Labels"], have, op):
            return Done(None)
        for container in found.get("Containers") or {}:
            self._take_out(container, found)
        self._remove(found)
        return Done(None)

    def list(self, scope: Scope, cursor: str | None) -> Page:
        """Ours, or everybody's but those every Engine has."""
        return Page(tuple(self._listed(filters(TYPE, scope))))

    def _take_out(self, container: str, network: Mapping[str, Any]) -> None:
        """Disconnect what belongs to the same app; a stranger in it makes the delete fail."""
        try:
            found = self._engine.call(
                f"container inspect {container[:12]}", lambda c: c.inspect_container(container)
            )
            theirs = found["Config"]["Labels"] or {}
            if any(
                theirs.get(label) != network["Labels"].get(label)
                for label in ("moot.installation", "moot.app")
            ):
                return
            self._engine.call(
                f"network disconnect {network['Name']} {container[:12]}",
                lambda c: c.disconnect_container_from_network(container, network["Id"], force=True),
            )
        except ProviderError as error:
            if error.code != "NotFound":
                raise

    def _listed(self, wanted: Mapping[str, list[str]]) -> list[ConfigurationItem]:
        found = self._engine.call("network ls", lambda c: c.networks(filters=dict(wanted)))
        return [self._item(n) for n in found if n["Name"] not in BUILT_IN]

    def _inspect(self, identifier: str) -> Mapping[str, Any] | None:
        try:
            return self._engine.call(
                f"network inspect {identifier[:24]}", lambda c: c.inspect_network(identifier)
            )
        except ProviderError as error:
            if error.code == "NotFound":
                return None
            raise

    def _oldest(self, name: str) -> Mapping[str, Any] | None:
        """The network of this name.  Two calls at once make two: all keep the first of them."""
        found = self._engine.call("network ls", lambda c: c.networks(names=[name]))
        first, *twins = sorted(
            (n for n in found if n["Name"] == name), key=lambda n: (n["Created"], n["Id"])
        ) or [None]
        for twin in twins:
            if twin and twin["Labels"] == (first and first["Labels"]):
                self._remove(twin)
        return first

    def _remove(self, network: Mapping[str, Any]) -> None:
        try:
            self._engine.call(
                f"network rm {network['Name']}", lambda c: c.remove_network(network["Id"])
            )
        except ProviderError as error:
            if error.code != "NotFound":
                raise

    def _item(self, found: Mapping[str, Any]) -> ConfigurationItem:
        ranges = (found.get("IPAM") or {}).get("Config") or []
        return item(
            TYPE,
            self._engine.venue,
            found["Id"],
            found["Labels"] or {},
            properties={
                "id": found["Id"],
                "name": found["Name"],
                "subnets": [r["Subnet"] for r in ranges if r.get("Subnet")],
            },
        )


def _mapping(want: Resource, key: str) -> Mapping[str, Any]:
    found = want.properties.get(key) or {}
    return found if isinstance(found, Mapping) else {}


def _ipam(ipam: JSON) -> JSON:
    """Compose's `ipam` in the Engine's words."""
    words = {"subnet": "Subnet", "ip_range": "IPRange", "gateway": "Gateway"}
    ranges: list[JSON] = []
    for given in ipam.get("config") or ():
        made = {words[key]: value for key, value in given.items() if key in words}
        if given.get("aux_addresses"):
            made["AuxiliaryAddresses"] = given["aux_addresses"]
        ranges.append(made)
    return {
        "Driver": ipam.get("driver") or "default",
        "Config": ranges,
        "Options": ipam.get("options") or {},
    }
