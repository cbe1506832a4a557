"""A machine's provider with folders of its own, driven as the engine would drive it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Env, Marks, Operation
from moot.providers.host import HostProvider

PATIENCE_S = 20.0


class Site:
    """A provider, and every change driven as the engine would: again and again until Done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.provider = self.again()
        self.standing: list[tuple[ConfigurationItem, Operation]] = []

    def again(self) -> HostProvider:
        """A provider as another process would make it: it knows only what is on the machine."""
        env = Env(home=self.folder, environ={"PATH": os.environ["PATH"]})
        return HostProvider("laptop", {"local": True, "data": str(self.data)}, env)

    def beside(self) -> Site:
        """Another who works on the same machine and folder."""
        return Site(self.folder)

    def operation(
        self, address: str, incarnation: int = 1, installation: str = "here"
    ) -> Operation:
        marks = Marks(
            installation=installation,
            generation=1,
            app=address.partition("@")[0].partition("/")[0],
            address=address,
            uid=f"uid of {address}",
            incarnation=incarnation,
        )
        return Operation(token="token", marks=marks, deadline=time.time() + 60)

    def create(self, want: Resource, incarnation: int = 1) -> ConfigurationItem:
        op = self.operation(want.address, incarnation)
        item = self.drive(lambda op: self.provider.create(want, op), op)
        assert item is not None
        self.standing.append((item, op))
        return item

    def update(self, item: ConfigurationItem, want: Resource) -> ConfigurationItem:
        assert item.address
        op = self.operation(item.address, item.incarnation)
        found = self.drive(lambda op: self.provider.update(item, want, op), op)
        assert found is not None
        return found

    def delete(self, item: ConfigurationItem) -> None:
        assert item.address
        op = self.operation(item.address, item.incarnation)
        assert self.drive(lambda op: self.provider.delete(item, op), op) is None
        self.standing = [(left, op) for left, op in self.standing if left != item]

    def drive(self, call: Callable[[Operation], Any], op: Operation) -> ConfigurationItem | None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            progress = call(op)
            if isinstance(progress, Done):
                return progress.item
            time.sleep(progress.seconds)
            op = Operation(
                token=op.token, marks=op.marks, deadline=op.deadline, resume=progress.resume
            )
        raise AssertionError("it never came to an end")

    def wait(self, item: ConfigurationItem, *statuses: str) -> ConfigurationItem:
        """The item as soon as it has one of these statuses."""
        found: list[ConfigurationItem | None] = []

        def there() -> bool:
            found[:] = [self.provider.read(item)]
            return found[0] is not None and found[0].status in statuses

        until(there, lambda: f"it is {found[0]}")
        assert found[0] is not None
        return found[0]

    def status(self, folder: str) -> dict[str, Any]:
        """What the supervisor of this run folder says."""
        return json.loads(Path(f"{folder}/status.json").read_text())

    def log(self, item: ConfigurationItem) -> list[str]:
        lines = self.provider.logs(item, follow=False, tail=None, since=None, stop=lambda: True)
        return [line.text for line in lines]


def until(true: Callable[[], Any], said: Callable[[], str] = lambda: "it never came true") -> None:
    """Wait for something that happens outside, a bounded time."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, said()
        time.sleep(0.02)


def running(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def process(
    command: list[str],
    *,
    index: int = 0,
    app: str = "shop",
    component: str = "web",
    **changed: Any,
) -> Resource:
    """A process as `lower` would want it."""
    properties: dict[str, Any] = {
        "replica": f"{app}/{component}/{index}",
        "command": command,
        "environment": {},
        "working_dir": "/",
        "user": None,
        "targets": [],
        "fixed": {},
        "tell_ports": True,
        "files": [],
        "volumes": {},
        "scratch": [],
        "healthcheck": None,
        "restart": {"condition": "no", "attempts": None, "delay_s": 0.0, "window_s": 0.0},
        "stop_signal": "SIGTERM",
        "stop_grace_s": 5.0,
        "limits": {"cpu": None, "memory_mib": None, "pids": None},
        "logging": {"max_size": 1 << 20, "max_files": 3},
    }
    assert changed.keys() <= {*properties, "secret_variables"}
    return Resource(
        address=f"{app}/{component}/{index}@laptop/process",
        type="host.process",
        venue="laptop",
        properties={**properties, **changed},
        replica=f"{app}/{component}/{index}",
        main=True,
    )


def always() -> dict[str, Any]:
    return {"condition": "always", "attempts": None, "delay_s": 0.0, "window_s": 0.0}
