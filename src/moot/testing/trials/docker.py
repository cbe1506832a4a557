"""The Docker provider on trial: a real Engine, and an image made of one static program."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Generator, Mapping

from moot.model.app import Container, Healthcheck
from moot.model.resource import Resource
from moot.model.value import JSON, Secret
from moot.model.venue import Offering
from moot.provider import Env, ProviderError
from moot.providers.docker import DockerProvider
from moot.providers.docker.client import Engine
from moot.testing.busybox import busybox
from moot.testing.sample import SECRET, lowered
from moot.testing.trial import Trial, Unready

REPOSITORY = "moot-contract/busybox"
CHECK = Healthcheck(test=("CMD", "true"), interval_s=0.5, timeout_s=5.0)
UPDATED = {
    "docker.container": {"limits": {"memory_mib": 64}},
    "docker.backend": {"drain_s": 2},
    "docker.service": {"stop_grace_s": 2},
}
REPLACED = {
    "docker.container": {"command": ["sleep", "600"]},
    "docker.config": {"content": "good bye\n"},
    "docker.secret": {"content": "another"},
}


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
    of_app = lowered(make, "container", run, CHECK, _engine(venue))
    secret = _secret if configuration.get("swarm") else lambda name, venue: ()
    return Trial(
        provider=make,
        resources=lambda name: (*of_app(name), *secret(name, venue)),
        updated=UPDATED,
        replaced=REPLACED,
        secret=SECRET,
        patience_s=120,
        stage=lambda: _image(Engine(venue, configuration, env), tag),
        disconnect=opened.close,
    )


def _secret(app: str, venue: str) -> tuple[Resource, ...]:
    """A file that only a swarm keeps as a thing of its own; the sample has none."""
    properties = {"base_name": f"{app}_key", "content": Secret("password", "1")}
    return (
        Resource(
            address=f"{app}@{venue}/secret/key",
            type="docker.secret",
            venue=venue,
            properties={**properties, "encoding": "utf-8"},
        ),
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
    packed = busybox()
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
