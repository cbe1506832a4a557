"""The App of the simulation, and what the world must look like when it stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from house import PASSWORD

from moot.model.app import (
    App,
    Attachment,
    Component,
    Connection,
    Dependency,
    Healthcheck,
    Limits,
    Mount,
    Network,
    Port,
    Process,
    Update,
    Volume,
)
from moot.providers.fake.world import World

CHECK = Healthcheck(test=("CMD", "true"))
ATTACHED = (Attachment(network="default"),)


@dataclass
class Wish:
    """What the user asks for now; `published` is the web's port, `migration` an exit code."""

    name: str = "shop"
    web: int = 2
    mode: str = "a"
    database: str = "a"
    memory_mib: int = 64
    worker: bool = True
    parallelism: int = 1
    stop_first: bool = False
    published: int = 8080
    migration: str = "0"

    def app(self) -> App:
        """The wish as an App."""
        components = (self._db(), self._migrate(), self._web(), *([self._worker()] * self.worker))
        names = {c.name for c in components}
        links = [("web", "db"), ("worker", "web"), ("worker", "db"), ("migrate", "db")]
        return App(
            name=self.name,
            components=components,
            connections=tuple(
                Connection(source=source, target=target, network="default")
                for source, target in links
                if source in names
            ),
            networks=(Network(name="default"),),
            volumes=(Volume(name="data"),),
        )

    def unmet(self, world: World) -> list[str]:
        """In which ways the world is not what is asked for."""
        things = [t for t in world.things() if t.tags.get("moot.app") == self.name]
        count = Counter(thing.type for thing in things)
        processes = self.web + 2 + self.worker
        asked = {
            "fake.network": 1,
            "fake.volume": 1,
            "fake.process": processes,
            "fake.gateway": int(self.web > 0),
            "fake.backend": self.web,
        }
        wrong = [f"{count[t]} {t}, not {n}" for t, n in asked.items() if count[t] != n]
        ids = {thing.id for thing in things}
        for thing in things:
            if thing.type == "fake.process" and "/web/" in thing.name:
                got = thing.properties["environment"]["MODE"], thing.properties["limits"]
                if got[0] != self.mode or got[1]["memory_mib"] != self.memory_mib:
                    wrong.append(f"{thing.name} runs with {got}")
            if thing.type == "fake.process":
                used = [*thing.properties["networks"]]
                used += [mount["source"] for mount in thing.properties["mounts"]]
                wrong += [f"{thing.name} uses {key}, which is gone" for key in {*used} - ids]
            if thing.type == "fake.backend":
                used = {thing.properties["process"], thing.properties["gateway"]}
                wrong += [f"{thing.name} leads to {key}, which is gone" for key in used - ids]
        return wrong

    def _db(self) -> Component:
        return Component(
            name="db",
            process=Process(command=("db",)),
            environment={"MODE": self.database, "PASSWORD": PASSWORD},
            expose=(5432,),
            mounts=(Mount(kind="volume", source="data", target="/data"),),
            healthcheck=CHECK,
            networks=ATTACHED,
        )

    def _migrate(self) -> Component:
        return Component(
            name="migrate",
            process=Process(command=("exit", self.migration)),
            depends_on=(Dependency(component="db", condition="healthy"),),
            networks=ATTACHED,
        )

    def _web(self) -> Component:
        return Component(
            name="web",
            replicas=self.web,
            process=Process(command=("web",)),
            environment={"MODE": self.mode, "PASSWORD": PASSWORD},
            ports=(Port(target=80, published=self.published),),
            limits=Limits(memory_mib=self.memory_mib),
            healthcheck=CHECK,
            networks=ATTACHED,
            depends_on=(
                Dependency(component="db", condition="healthy"),
                Dependency(component="migrate", condition="completed"),
            ),
            update=Update(
                parallelism=self.parallelism,
                order="stop-first" if self.stop_first else "start-first",
            ),
        )

    def _worker(self) -> Component:
        return Component(
            name="worker",
            process=Process(command=("worker",)),
            depends_on=(Dependency(component="web", condition="started"),),
            networks=ATTACHED,
        )
