"""Services: one per component, changed in place while Swarm replaces their tasks one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Operation, Page, Pending, Progress, ProviderError, Scope
from moot.providers.docker.marks import (
    address_filters,
    filters,
    is_gone,
    item,
    labels,
    require_same,
)
from moot.providers.docker.names import container_name
from moot.providers.docker.swarm.cluster import Cluster, Service
from moot.providers.docker.swarm.observation import ENDED, observed
from moot.providers.docker.swarm.slots import is_slot, names_of
from moot.providers.docker.swarm.spec import service_body

TYPE = "docker.service"
IMAGE = "moot.image"  # the label that says which image was asked for
LOOK_S = 0.5
# So long after its grace period a task may count as ended: its node is away, and will end it.
LOST_AFTER_S = 30.0


class Services:
    """Handlers of docker.service.  How many replicas one has, its slots say."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def create(self, want: Resource, op: Operation) -> Progress:
        """Made without replicas; one that is there with our marks is taken as it is."""
        name = container_name(str(want.properties["base_name"]), op.marks.incarnation)
        body = {
            "Name": name,
            "Mode": {"Replicated": {"Replicas": 0}},
            **self._body(want, op),
        }
        image = body["TaskTemplate"]["ContainerSpec"]["Image"]
        try:
            self._cluster.engine.post("/services/create", body, image)
        except ProviderError as error:
            if "name conflicts" not in error.message:
                raise
        found = self._cluster.service(name)
        if found is None:
            raise ProviderError("NotStabilized", f"service {name} vanished as soon as it was made")
        require_same(_labels(found), op, "service", name)
        return Done(self._item(found))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The service now, None where it is gone."""
        if isinstance(key, ConfigurationItem) and key.identifier:
            found = self._cluster.service(key.identifier)
            return None if found is None or is_gone(_labels(found), key) else self._item(found)
        assert key.address, "only services of ours are looked up by address"
        items = [self._item(s) for s in self._cluster.services(address_filters(TYPE, key.address))]
        return max(items, key=lambda i: i.incarnation, default=None)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Told once; Done when Swarm has replaced all tasks that had to be."""
        now = self._cluster.engine.env.now()
        if isinstance(op.resume, Mapping):
            return self._updated(have, want, op.resume, now)
        body = self._body(want, op)

        def edit(spec: dict[str, Any]) -> bool:
            kept = {key: value for key, value in spec["Labels"].items() if is_slot(key)}
            spec.update({**body, "Labels": {**kept, **body["Labels"]}})
            return True

        self._cluster.change(have.identifier, edit)
        return Pending(LOOK_S, {"since": now}, "the swarm replaces its tasks")

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """Removed; Done when the last of its tasks has ended."""
        now = self._cluster.engine.env.now()
        found = self._cluster.service(have.identifier)
        begun = op.resume if isinstance(op.resume, Mapping) else {"since": now, "grace_s": 0}
        since, grace_s = float(begun["since"]), float(begun["grace_s"])
        if found is not None and not is_gone(_labels(found), have, op):
            container = found["Spec"]["TaskTemplate"]["ContainerSpec"]
            grace_s = container.get("StopGracePeriod", 10**10) / 1e9
            self._remove(found)
        left = self._left(have.identifier, op)
        if not left or now - since > grace_s + LOST_AFTER_S:
            return Done(None)
        return Pending(LOOK_S, {"since": since, "grace_s": grace_s}, f"{left} tasks are ending")

    def list(self, scope: Scope, cursor: str | None) -> Page:
        """Ours, or everybody's."""
        return Page(tuple(self._item(s) for s in self._cluster.services(filters(TYPE, scope))))

    def _body(self, want: Resource, op: Operation) -> dict[str, Any]:
        placed = self._placed(want.properties)
        own = {**labels(TYPE, op), IMAGE: placed["image"]}
        return service_body(want.properties, own, placed, self._cluster.engine.api)

    def _placed(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """The image as every node can pull it.  One that no registry has runs where it is.

        That is on this node, or `everywhere` it was sent.  Data and paths are on this node only.
        """
        engine, name = self._cluster.engine, str(spec["image"])
        image = engine.call(f"image inspect {name[:19]}", lambda c: c.inspect_image(name))
        digests = image.get("RepoDigests") or ()
        pinned = spec.get("pinned") or not (digests or spec.get("everywhere"))
        return {
            "image": digests[0] if digests else image["Id"],
            "constraints": [f"node.id=={self._cluster.node}"] if pinned else [],
        }

    def _updated(
        self, have: ConfigurationItem, want: Resource, resume: Mapping[str, Any], now: float
    ) -> Progress:
        found = self._cluster.service(have.identifier)
        if found is None:
            raise ProviderError("NotFound", f"service {have.identifier[:12]} is gone")
        status: Mapping[str, Any] = found.get("UpdateStatus") or {}
        state, wanted = status.get("State", ""), len(names_of(_labels(found)))
        if state in {"paused", "rollback_paused", "rollback_completed", "rollback_started"}:
            raise _stopped(found, str(status.get("Message", "")))
        done = self._replaced(found) if not state else 0
        if state == "completed" or (not state and done >= wanted):
            return Done(self._item(found))
        within_s = want.ready_within_s * max(1, wanted)
        if now - float(resume["since"]) > within_s:
            raise _stopped(found, f"not all tasks run after {within_s:.0f} s")
        return Pending(LOOK_S, resume, "the swarm replaces its tasks")

    def _replaced(self, found: Service) -> int:
        """How many slots have a task that is as it should be now."""
        wanted = {"service": [found["ID"]], "_up-to-date": ["true"]}
        tasks = self._cluster.tasks(wanted)
        good = {t.get("Slot") for t in tasks if t["Status"]["State"] in {"running", "complete"}}
        return len(good)

    def _left(self, identifier: str, op: Operation) -> int:
        """Tasks that have not ended, and containers here that still hold on to volumes."""
        ended = (t["Status"]["State"] in ENDED for t in self._cluster.tasks(_own_tasks(op)))
        here = self._cluster.engine.call(
            "container ls",
            lambda c: c.containers(
                all=True, filters={"label": f"com.docker.swarm.service.id={identifier}"}
            ),
        )
        return max(sum(not over for over in ended), len(here))

    def _remove(self, found: Service) -> None:
        name = found["Spec"]["Name"]
        try:
            self._cluster.engine.call(f"service rm {name}", lambda c: c.remove_service(found["ID"]))
        except ProviderError as error:
            if error.code != "NotFound":
                raise

    def _item(self, found: Service) -> ConfigurationItem:
        asked = _labels(found).get(IMAGE)
        image = found["Spec"]["TaskTemplate"].get("ContainerSpec", {}).get("Image")
        return item(
            TYPE,
            self._cluster.engine.venue,
            found["ID"],
            _labels(found),
            properties={
                "id": found["ID"],
                "name": found["Spec"]["Name"],
                "current": asked is None or image == asked,
                **observed(found["Spec"]),
            },
        )


def _labels(found: Service) -> Mapping[str, str]:
    return found["Spec"].get("Labels") or {}


def _own_tasks(op: Operation) -> dict[str, list[str]]:
    """They are found by their service's labels, also when that has gone."""
    marks = op.marks
    wanted = {
        "installation": marks.installation,
        "uid": marks.uid,
        "incarnation": marks.incarnation,
    }
    return {"label": [f"moot.{key}={value}" for key, value in wanted.items()]}


def _stopped(found: Service, reason: str) -> ProviderError:
    name = found["Spec"]["Name"]
    return ProviderError(
        "NotStabilized",
        f"the update of service {name} stopped: {reason}",
        remedy=f"see `docker service ps --no-trunc {name}`; `moot undo` returns to what was before",
    )
