"""The Docker provider on trial: a real Engine, and an image made of one static program."""

from __future__ import annotations

import contextlib
import io
import shutil
import tarfile
import uuid
from collections.abc import Generator, Mapping

from moot.model.app import Container, Healthcheck
from moot.model.value import JSON
from moot.model.venue import Offering
from moot.provider import Env, ProviderError
from moot.providers.docker import DockerProvider
from moot.providers.docker.client import Engine
from moot.testing.sample import SECRET, lowered
from moot.testing.trial import Trial, Unready

REPOSITORY = "moot-contract/busybox"
CHECK = Healthcheck(test=("CMD", "true"), interval_s=0.5, timeout_s=5.0)
UPDATED = {
    "docker.container": {"limits": {"memory_mib": 64}},
    "docker.backend": {"drain_s": 2},
}
REPLACED = {"docker.container": {"command": ["sleep", "600"]}}


def trial(venue: str, configuration: Mapping[str, JSON], env: Env) -> Trial:
    """The Engine of the configuration, or of DOCKER_HOST; nothing is asked of it before `stage`."""
    tag = uuid.uuid4().hex[:8]  # several runs may share an Engine
    image = f"{REPOSITORY}:{tag}"
    opened = contextlib.ExitStack()

    def make() -> DockerProvider:
        provider = DockerProvider(venue, configuration, env)
        opened.callback(provider.close)
        return provider

    run = Container(image=image, command=("httpd", "-f", "-p", "8080"), pull_policy="never")
    return Trial(
        provider=make,
        resources=lowered(make, "container", run, CHECK, _engine(venue)),
        updated=UPDATED,
        replaced=REPLACED,
        secret=SECRET,
        patience_s=120,
        stage=lambda: _image(Engine(venue, configuration, env), tag),
        disconnect=opened.close,
    )


def _engine(venue: str) -> Offering:
    """What an Engine offers, said here so that collecting the checks needs none."""
    return Offering(
        venue=venue,
        name="engine",
        cpu=1,
        memory_mib=1024,
        traits=frozenset({"runs:container"}),
        names=True,
        segmented=True,
        host_name="host.docker.internal",
        host_address="172.17.0.1",
    )


@contextlib.contextmanager
def _image(engine: Engine, tag: str) -> Generator[None]:
    """The image, for as long as it is needed; made here, since no registry may be reached."""
    packed = _packed_busybox()
    try:
        engine.call(
            f"import {REPOSITORY}:{tag}",
            lambda client: client.import_image_from_data(packed, REPOSITORY, tag),
        )
    except ProviderError as error:
        raise Unready(f"{error.message}: {error.remedy}") from error
    try:
        yield
    finally:
        engine.call(
            f"remove {REPOSITORY}:{tag}",
            lambda client: client.remove_image(f"{REPOSITORY}:{tag}", force=True),
        )
        engine.close()


def _packed_busybox() -> bytes:
    """The image's only layer."""
    path = shutil.which("busybox")
    if path is None:
        raise Unready("busybox is not installed: apt-get install busybox-static")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(path, "bin/busybox")
        for name in ("sh", "sleep", "httpd", "true"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return packed.getvalue()
