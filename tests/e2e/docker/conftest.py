"""A Docker provider on a real Engine, and what drives its handlers to their end."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Env, Marks, Operation, Pending, Scope
from moot.providers.docker import DockerProvider
from moot.providers.docker.stream import attach, prepare
from tests.substrates.dockerd import NoEngine, apart

docker = pytest.importorskip("docker")

PATIENCE_S = 60.0
IMAGE = "moot-tests/busybox:1"
VENUE = "dock"


class Site:
    """A provider, and every change driven as the engine would: again and again until Done."""

    def __init__(self, folder: Path, host: str, configuration: Mapping[str, Any]) -> None:
        self.folder = folder
        self.host = host
        self.configuration = configuration
        self.app = f"t{uuid.uuid4().hex[:6]}"
        self.installation = uuid.uuid4().hex
        self.trace: list[str] = []
        self.notes: list[str] = []
        self.provider = self.again()
        self.client = docker.APIClient(base_url=host, version="auto")

    def again(self, **configuration: Any) -> DockerProvider:
        """A provider as another process would make it: it knows only what is at the Engine."""
        environ = {**os.environ, "DOCKER_HOST": self.host}
        env = Env(
            home=self.folder, environ=environ, trace=lambda venue, line: self.trace.append(line)
        )
        return DockerProvider(VENUE, {**self.configuration, **configuration}, env)

    def want(self, kind: str, where: str, **properties: Any) -> Resource:
        """A Resource; `where` is its address after the app's name."""
        return Resource(
            address=f"{self.app}{where}",
            type=f"docker.{kind}",
            venue=VENUE,
            properties=properties,
            ready_within_s=PATIENCE_S,
        )

    def network(self, name: str = "net") -> ConfigurationItem:
        want = self.want("network", f"@{VENUE}/network/{name}", name=f"{self.app}_{name}")
        return self.create(want)

    def container(self, component: str = "web", index: int = 0, **properties: Any) -> Resource:
        given = {
            "base_name": f"{self.app}-{component}-{index}",
            "image": IMAGE,
            "stop_grace_s": 2,
            **properties,
        }
        return self.want("container", f"/{component}/{index}@{VENUE}/container", **given)

    def operation(self, address: str, incarnation: int = 1) -> Operation:
        marks = Marks(
            installation=self.installation,
            generation=1,
            app=self.app,
            address=address,
            uid=f"uid of {address}",
            incarnation=incarnation,
        )
        return Operation(token="token", marks=marks, deadline=time.time() + PATIENCE_S)

    def create(self, want: Resource, incarnation: int = 1) -> ConfigurationItem:
        op = self.operation(want.address, incarnation)
        item = self.drive(lambda op: self.provider.create(want, op), op)
        assert item is not None
        assert (item.address, item.incarnation) == (want.address, incarnation)
        return item

    def update(self, item: ConfigurationItem, want: Resource) -> ConfigurationItem:
        op = self.operation(str(item.address), item.incarnation)
        found = self.drive(lambda op: self.provider.update(item, want, op), op)
        assert found is not None
        return found

    def delete(self, item: ConfigurationItem) -> None:
        op = self.operation(str(item.address), item.incarnation)
        assert self.drive(lambda op: self.provider.delete(item, op), op) is None

    def drive(self, call: Callable[[Operation], Any], op: Operation) -> ConfigurationItem | None:
        until = time.monotonic() + PATIENCE_S
        while True:
            match call(op):
                case Done(item):
                    return item
                case Pending(seconds, resume, note):
                    self.notes.append(note)
                    assert time.monotonic() < until, f"still pending: {note}"
                    op = replace(op, resume=resume)
                    time.sleep(seconds)

    def read(self, item: ConfigurationItem | Resource) -> ConfigurationItem | None:
        return self.provider.read(item)

    def list(self, kind: str) -> tuple[ConfigurationItem, ...]:
        scope = Scope(installation=self.installation, app=self.app)
        return self.provider.list(f"docker.{kind}", scope, None).items

    def wait(self, item: ConfigurationItem, *statuses: str) -> ConfigurationItem:
        """Read until it has one of the statuses."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            found = self.read(item)
            assert found is not None, "it is gone"
            if found.status in statuses:
                return found
            time.sleep(0.1)
        raise AssertionError(f"still {found.status}, not {statuses}")

    def run(self, item: ConfigurationItem, *argv: str) -> str:
        """What a command in the container prints; its exit code must be 0."""
        engine = self.provider._engine  # the SDK's own exec leaves its socket open
        exec_id = prepare(engine, item.identifier, argv)
        stream = attach(engine, exec_id)
        stream.end_input()
        said = b"".join(content for _, content in stream.read()).decode()
        stream.close()
        assert self.client.exec_inspect(exec_id)["ExitCode"] == 0, said
        return said

    def clear(self) -> None:
        """Leave nothing of this installation at the Engine."""
        self.provider.close()
        mine = {"label": [f"moot.installation={self.installation}"]}
        for one in self.client.containers(all=True, filters=mine):
            self.client.remove_container(one["Id"], v=True, force=True)
        for one in self.client.networks(filters=mine):
            self.client.remove_network(one["Id"])
        for one in self.client.volumes(filters=mine)["Volumes"] or ():
            self.client.remove_volume(one["Name"])
        for image in self.client.images():
            for tag in image.get("RepoTags") or ():
                if self.installation in tag or tag.startswith(self.app):
                    self.client.remove_image(tag, force=True)
        self.client.close()


@pytest.fixture
def configuration() -> dict[str, Any]:
    """The venue's configuration; a test module may replace it."""
    return {}


@pytest.fixture
def site(
    tmp_path: Path, docker_host: str, busybox: str, configuration: dict[str, Any]
) -> Iterator[Site]:
    made = Site(tmp_path, docker_host, configuration)
    try:
        yield made
    finally:
        made.clear()


@pytest.fixture(scope="session")
def other_engine() -> Iterator[str]:
    """DOCKER_HOST of a second Engine, which has no images yet."""
    with contextlib.ExitStack() as stack:
        try:
            host = stack.enter_context(apart())
        except NoEngine as reason:
            pytest.skip(str(reason))
        yield host


@pytest.fixture(scope="session")
def busybox(docker_host: str) -> str:
    """An image made of one static program, since no registry can be reached."""
    path = shutil.which("busybox")
    if path is None:
        pytest.skip("busybox is not installed: apt-get install busybox-static")
    client = docker.APIClient(base_url=docker_host, version="auto")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(path, "bin/busybox")
        for name in (
            "sh",
            "cat",
            "httpd",
            "sleep",
            "id",
            "stat",
            "nc",
            "wget",
            "hostname",
            "env",
            "stty",
        ):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for name in ("tmp", "www", "etc"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
    repository, _, tag = IMAGE.partition(":")
    changes = ['CMD ["sleep", "1000"]']
    client.import_image_from_data(packed.getvalue(), repository, tag, changes)
    identifier = client.inspect_image(IMAGE)["Id"]
    client.close()
    return str(identifier)
