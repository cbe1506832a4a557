"""Containers: one per replica, found again by name and marks, finished where a crash left them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Operation, Page, Pending, Progress, ProviderError, Scope
from moot.providers.docker.body import attachments, create_body, endpoint_config, update_body
from moot.providers.docker.client import Engine
from moot.providers.docker.files import batches
from moot.providers.docker.marks import TYPE as KIND
from moot.providers.docker.marks import address_filters, filters, is_gone, labels, require_same
from moot.providers.docker.names import container_name
from moot.providers.docker.observation import container_item, is_up, names_of, networks_of

TYPE = "docker.container"
FIRST_LOOK_S = 0.1
LONGEST_LOOK_S = 1.0
INSPECTORS = 8  # requests at a time while a listing is completed


class Containers:
    """Handlers of docker.container; the gateway is a container too and uses them."""

    def __init__(self, engine: Engine, type: str = TYPE) -> None:
        self._engine = engine
        self._type = type

    def create(self, want: Resource, op: Operation) -> Progress:
        """Made under a name of its own and started; a half-made one of ours is finished."""
        spec = want.properties
        name = name_of(want, op)
        body = create_body(spec, labels(self._type, op), self._engine.api)
        identifier = self.make(name, body, op, platform=spec.get("platform"), image=spec["image"])
        found = self.inspect(identifier)
        if found and found["State"]["Status"] == "created":
            self.join(found, attachments(spec))
            for folder, packed in batches(spec):
                self.put(found, folder, packed)
            self.start(found)
            found = self.inspect(identifier)
        if found is None:
            raise ProviderError(
                "NotStabilized", f"container {name} vanished as soon as it was made"
            )
        return Done(self.item(found))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The container now, None where it is gone."""
        if isinstance(key, ConfigurationItem) and key.identifier:
            found = self.inspect(key.identifier)
            if found is None or is_gone(found["Config"]["Labels"], key):
                return None
            return self.item(found)
        assert key.address, "only containers of ours are looked up by address"
        items = self.listed(address_filters(self._type, key.address))
        if isinstance(key, ConfigurationItem):
            items = [i for i in items if i.incarnation == key.incarnation]
        return max(items, key=lambda i: i.incarnation, default=None)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Limits, restart policy and names change while it runs."""
        info = self._engine.call("info", lambda c: c.info())
        body = update_body(want.properties, info["NCPU"], info["MemTotal"])
        self._engine.post(f"/containers/{have.identifier}/update", body)
        if want.properties.get("names"):
            self.rename(self.there(have.identifier), attachments(want.properties))
        return Done(self.item(self.there(have.identifier)))

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """Asked to end by its own signal, killed after its grace period, then removed.

        Volumes that only the image declares go with it; those of the App never do.
        """
        found = self.inspect(have.identifier)
        if found is None or is_gone(found["Config"]["Labels"], have, op):
            return Done(None)
        now = self._engine.env.now()
        if is_up(found):
            asked_at = (op.resume or {}).get("asked_at") if isinstance(op.resume, Mapping) else None
            grace_s = found["Config"].get("StopTimeout") or 10
            if asked_at is None:
                self.kill(found, found["Config"].get("StopSignal") or "SIGTERM")
                return Pending(FIRST_LOOK_S, {"asked_at": now}, "stopping")
            waited_s = now - float(asked_at)
            if waited_s < grace_s:
                pause_s = min(LONGEST_LOOK_S, max(FIRST_LOOK_S, waited_s / 2))
                return Pending(pause_s, {"asked_at": asked_at}, f"stopping for {waited_s:.0f} s")
        self.remove(found)
        return Done(None)

    def list(self, scope: Scope, cursor: str | None) -> Page:
        """Ours, or everybody's."""
        return Page(tuple(self.listed(filters(self._type, scope))))

    def listed(self, wanted: Mapping[str, list[str]]) -> list[ConfigurationItem]:
        """Every container the filters let through; one that goes meanwhile is left out."""
        listing = self._engine.call(
            "container ls", lambda c: c.containers(all=True, filters=dict(wanted))
        )
        ids = [c["Id"] for c in listing if c["Labels"].get(KIND, self._type) == self._type]
        with ThreadPoolExecutor(INSPECTORS) as pool:  # the Engine takes its time for each
            found = list(pool.map(self.inspect, ids))
        return [self.item(one) for one in found if one is not None]

    def make(
        self, name: str, body: Any, op: Operation, *, platform: Any = None, image: str = ""
    ) -> str:
        """Its id; made now, or by an earlier try.  `image` is the id its image must have.

        The image is named by its reference, which people can read; should that be no name here,
        or have moved on to another image meanwhile, the container is made from the id.
        """

        def create(client: Any) -> Mapping[str, Any]:
            return client.create_container_from_config(body, name, platform)

        try:
            made = self._engine.call(f"container create {name}", create)
        except ProviderError as error:
            if error.code == "NotFound" and image not in {"", body["Image"]}:
                return self.make(name, {**body, "Image": image}, op, platform=platform)
            if error.code != "AlreadyExists":
                raise
            return self.adopted(name, op)
        if image and image != body["Image"]:
            found = self.inspect(made["Id"])
            if found and found["Image"] != image:
                self.remove(found)
                return self.make(name, {**body, "Image": image}, op, platform=platform)
        return str(made["Id"])

    def adopted(self, name: str, op: Operation) -> str:
        """The id of what has the name; raises AlreadyExists unless it is this very thing."""
        found = self.inspect(name)
        if found is None:
            raise ProviderError("ResourceConflict", f"the name {name} is about to be free")
        require_same(found["Config"]["Labels"] or {}, op, "container", name)
        return str(found["Id"])

    def rename(self, found: Mapping[str, Any], networks: Mapping[str, Any]) -> None:
        """Be called as these say; where it is called otherwise it leaves and comes back at once.

        A call that was cut off in between is made good: it joins what it is not in.
        """
        for name, endpoint in networks_of(found).items():
            if name in networks and names_of(found, endpoint) != sorted(networks[name]["aliases"]):
                self.leave(found, name)
        self.join(self.there(found["Id"]), networks)

    def leave(self, found: Mapping[str, Any], network: str) -> None:
        """Take it out of a network."""
        self._engine.call(
            f"network disconnect {network} {_name(found)}",
            lambda c: c.disconnect_container_from_network(found["Id"], network, force=True),
        )

    def join(self, found: Mapping[str, Any], networks: Mapping[str, Any]) -> None:
        """Connect it to those networks it is not in yet."""
        joined = found["NetworkSettings"]["Networks"] or {}
        for name, attachment in networks.items():
            if name not in joined:
                config = endpoint_config(attachment, self._engine.api, name)
                self._engine.post(
                    f"/networks/{name}/connect",
                    {"Container": found["Id"], "EndpointConfig": config},
                )

    def put(self, found: Mapping[str, Any], folder: str, packed: bytes) -> None:
        """Unpack a tar inside the container."""
        self._engine.call(
            f"container put {_name(found)}:{folder}",
            lambda c: c.put_archive(found["Id"], folder, packed),
        )

    def start(self, found: Mapping[str, Any]) -> None:
        """Start it; what cannot start stays behind as it was created, and is seen as failed."""
        self._engine.call(f"container start {_name(found)}", lambda c: c.start(found["Id"]))

    def kill(self, found: Mapping[str, Any], signal: str) -> None:
        """Send a signal; one that has just ended is no error."""
        try:
            self._engine.call(
                f"container kill -s {signal} {_name(found)}",
                lambda c: c.kill(found["Id"], signal),
            )
        except ProviderError as error:
            if error.code not in {"NotFound", "ResourceConflict"}:
                raise

    def remove(self, found: Mapping[str, Any]) -> None:
        """Remove it, whatever it does."""
        try:
            self._engine.call(
                f"container rm {_name(found)}",
                lambda c: c.remove_container(found["Id"], v=True, force=True),
            )
        except ProviderError as error:
            if error.code != "NotFound":
                raise

    def inspect(self, identifier: str) -> Mapping[str, Any] | None:
        """All the Engine says of it, None where it is gone."""
        try:
            return self._engine.call(
                f"container inspect {identifier[:24]}", lambda c: c.inspect_container(identifier)
            )
        except ProviderError as error:
            if error.code == "NotFound":
                return None
            raise

    def there(self, identifier: str) -> Mapping[str, Any]:
        """All the Engine says of it; raises NotFound where it is gone."""
        found = self.inspect(identifier)
        if found is None:
            raise ProviderError("NotFound", f"container {identifier[:12]} is gone")
        return found

    def item(self, found: Mapping[str, Any]) -> ConfigurationItem:
        """As an item, with its last words where it has failed."""
        return container_item(self._type, self._engine, found)


def name_of(want: Resource, op: Operation) -> str:
    """The name at the Engine: the user's own where one is given, else one per incarnation."""
    fixed = want.properties.get("fixed_name")
    return str(fixed or container_name(str(want.properties["base_name"]), op.marks.incarnation))


def _name(found: Mapping[str, Any]) -> str:
    return str(found["Name"]).lstrip("/")
