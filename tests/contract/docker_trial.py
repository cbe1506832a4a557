"""The Docker provider on trial: a real Engine, and an image made of one static program."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tarfile
import tempfile
import uuid
from pathlib import Path

from sample import SECRET, lowered

from moot.model.app import Container, Healthcheck
from moot.model.venue import Offering
from moot.provider import Env
from moot.providers.docker import DockerProvider
from moot.testing.trial import Trial

IMAGE = f"moot-contract/busybox:{uuid.uuid4().hex[:8]}"  # several runs may share an Engine
HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")
RUN = Container(image=IMAGE, command=("httpd", "-f", "-p", "8080"), pull_policy="never")
CHECK = Healthcheck(test=("CMD", "true"), interval_s=0.5, timeout_s=5.0)
UPDATED = {
    "docker.container": {"limits": {"memory_mib": 64}},
    "docker.backend": {"drain_s": 1},
}
REPLACED = {"docker.container": {"command": ["sleep", "600"]}}
# What an Engine offers, said here so that collecting the tests needs none.
ENGINE = Offering(
    venue="dock",
    name="engine",
    cpu=1,
    memory_mib=1024,
    traits=frozenset({"runs:container"}),
    names=True,
    segmented=True,
    host_name="host.docker.internal",
    host_address="172.17.0.1",
)
_open = contextlib.ExitStack()


def make() -> DockerProvider:
    provider = DockerProvider("dock", {}, Env(home=Path(HOME.name), environ=dict(os.environ)))
    _open.callback(provider.close)
    return provider


def close() -> None:
    """Close the connections of every provider made so far."""
    _open.close()


def trial() -> Trial:
    return Trial(
        provider=make,
        resources=lowered(make, "container", RUN, CHECK, ENGINE),
        updated=UPDATED,
        replaced=REPLACED,
        secret=SECRET,
        patience_s=120,
    )


def packed_busybox() -> bytes | None:
    """The image's only layer; None where the machine has no static busybox."""
    path = shutil.which("busybox")
    if path is None:
        return None
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(path, "bin/busybox")
        for name in ("sh", "sleep", "httpd", "true"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return packed.getvalue()
