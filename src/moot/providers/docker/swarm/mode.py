"""What is different where a venue is a swarm: its types, its room, and where a replica is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from moot.model.diagnostic import Diagnostic
from moot.model.placement import Share
from moot.model.resource import ConfigurationItem, Resource
from moot.model.venue import Offering
from moot.provider import LogLine, ProviderError
from moot.providers.docker.client import Engine
from moot.providers.docker.logs import Window, pause, stream
from moot.providers.docker.swarm.cluster import Cluster
from moot.providers.docker.swarm.kept import Kept
from moot.providers.docker.swarm.lowering import lower
from moot.providers.docker.swarm.service import Services
from moot.providers.docker.swarm.settings import Settings
from moot.providers.docker.swarm.task import Tasks

MIB = 1 << 20
NANO = 10**9


class Swarm:
    """The swarm that one Engine manages."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self.settings = settings
        self._cluster = Cluster(engine)
        self._tasks = Tasks(self._cluster)
        self.handlers: Mapping[str, Kept | Services | Tasks] = {
            "docker.config": Kept(engine, "config"),
            "docker.secret": Kept(engine, "secret"),
            "docker.service": Services(self._cluster),
            "docker.task": self._tasks,
        }

    def identity(self) -> str:
        """Of the swarm and the manager we talk to: volumes and built images are on that node."""
        found = self._cluster.info()
        return f"docker-swarm:{found['Cluster']['ID']}/{found['NodeID']}"

    def offering(self, of_engine: Offering) -> Offering:
        """All CPUs and memory of the nodes that take tasks; Swarm decides which takes which, and no
        task is given a GPU.
        """
        self._cluster.info()
        nodes = self._engine.call("node ls", lambda c: c.nodes())
        rooms = [
            node["Description"]["Resources"]
            for node in nodes
            if node["Status"]["State"] == "ready" and node["Spec"]["Availability"] == "active"
        ]
        return replace(
            of_engine,
            name="swarm",
            cpu=sum(room["NanoCPUs"] for room in rooms) / NANO,
            memory_mib=sum(room["MemoryBytes"] for room in rooms) // MIB,
            machine="",
            gpus=0,
            traits=frozenset(t for t in of_engine.traits if not t.startswith("gpu")),
        )

    def lacks(self) -> Iterator[Diagnostic]:
        """What must be mended of an Engine that answers."""
        try:
            self._cluster.info()
        except ProviderError as error:
            yield Diagnostic(summary=error.message, detail=error.code, remedy=error.remedy)

    def lower(self, share: Share) -> Iterable[Resource]:
        """What the share is made of."""
        return lower(share, self.settings)

    def container(self, item: ConfigurationItem) -> str:
        """The container of a replica; raises InvalidRequest where it is on another node."""
        task = self._tasks.task(item)
        container = (task["Status"].get("ContainerStatus") or {}) if task else {}
        if task is None or not container.get("ContainerID"):
            raise ProviderError("NotFound", f"nothing runs as {item.address} now")
        if task["NodeID"] != self._cluster.node:
            raise ProviderError(
                "InvalidRequest",
                f"it runs on node {task['NodeID']}, and Swarm runs commands on the own node only",
                remedy="see `docker node inspect` for that node, and use its own Engine",
            )
        return str(container["ContainerID"])

    def logs(
        self, item: ConfigurationItem, window: Window, stop: Callable[[], bool]
    ) -> Iterator[LogLine]:
        """The lines of one task after another, wherever they run."""
        last = 0.0
        while (task := self._tasks.task(item)) is not None:
            tty = bool(task["Spec"]["ContainerSpec"].get("TTY"))
            for line in stream(self._engine, f"tasks/{task['ID']}", window, tty, stop):
                if line.at > last:
                    last = line.at
                    yield line
            if not window.follow or stop():
                return
            pause(stop)
            window = replace(window, tail=None, since=last or window.since)
