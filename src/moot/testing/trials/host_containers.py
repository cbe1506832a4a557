"""Containers and their image, for the trial of a host on which an engine answers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from moot.model.app import Container, Healthcheck
from moot.model.resource import Resource
from moot.model.venue import Offering
from moot.provider import Provider
from moot.testing.busybox import busybox
from moot.testing.sample import lowered
from moot.testing.trial import Unready

TYPES = ("host.image", "host.container")
CHECK = Healthcheck(test=("CMD", "true"), interval_s=0.5, timeout_s=5.0)


def containers(
    make: Callable[[], Provider], offering: Offering, image: str
) -> Callable[[str], Sequence[Resource]]:
    """The sample as containers: only what is not the same as with processes."""
    run = Container(image=image, command=("httpd", "-f", "-p", "8080"))
    resources = lowered(make, "container", run, CHECK, offering, "-box")
    return lambda name: [resource for resource in resources(name) if resource.type in TYPES]


@contextmanager
def imported(image: str, environ: Mapping[str, str]) -> Generator[None]:
    """The image in the engine beside us, from which the host gets it."""
    _docker(environ, "import", "-", image, stdin=busybox())
    try:
        yield
    finally:
        _docker(environ, "image", "rm", "--force", image)


def _docker(environ: Mapping[str, str], *words: str, stdin: bytes = b"") -> None:
    argv = ["docker", *words]
    try:
        ran = subprocess.run(  # noqa: S603  (words of our own)
            argv, input=stdin, capture_output=True, env=dict(environ), check=False
        )
    except FileNotFoundError:
        raise Unready("docker is not installed: apt-get install docker.io") from None
    if ran.returncode:
        raise Unready(ran.stderr.decode(errors="replace").strip())
