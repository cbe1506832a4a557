"""How long does `up` of 20 containers take, beside docker-compose on the same file and engine?"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.figure import Figure, Missing, median, moot, needed, timed, workplace
from bench.planning import write

CONTAINERS = 20
COLD_BOUND = 1.0
UNCHANGED_BOUND = 0.7
IMAGE = "moot-bench-busybox:1"


@dataclass(frozen=True, slots=True)
class Tool:
    """One of the two: its commands, and the wall times of each round."""

    up: list[str]
    down: list[str]
    cold: list[float] = field(default_factory=list[float])
    unchanged: list[float] = field(default_factory=list[float])

    def once(self, folder: Path, environ: Mapping[str, str]) -> None:
        """A cold up, an up with nothing to do, and a down."""
        try:
            self.cold.append(timed(self.up, environ, folder).wall_s)
            self.unchanged.append(timed(self.up, environ, folder).wall_s)
        finally:
            ended(self.down, environ, folder)


def ended(down: list[str], environ: Mapping[str, str], folder: Path) -> None:
    """Take it down, with patience; a network that stays behind in the end spoils no figure.

    Docker 20.10 sometimes loses count of a network's end points and never removes it again.
    """
    for wait_s in (1, 5, 0):
        try:
            timed(down, environ, folder)
            return
        except subprocess.CalledProcessError as error:
            problem = str(error.stderr).strip().splitlines()[-1:]
            time.sleep(wait_s)
    print(f"{down[0]} left something behind: {' '.join(problem)}", file=sys.stderr)


def measure(short: bool) -> list[Figure]:
    """Wall seconds, cold and with nothing to do; the two take turns so that load hits both."""
    if "DOCKER_HOST" not in os.environ:
        raise Missing("no Docker Engine answers")
    compose = needed("docker-compose")
    ours = Tool(
        up=moot("up", "-p", "benchours", "--venue", "docker"),
        down=moot("down", "-p", "benchours", "--volumes"),
    )
    theirs = Tool(
        up=[compose, "-p", "benchtheirs", "up", "-d"],
        down=[compose, "-p", "benchtheirs", "down", "--volumes"],
    )
    with workplace() as (folder, environ):
        import_image(environ)
        write(folder / "docker-compose.yml", twenty())
        try:
            for _ in range(1 if short else 4):
                ours.once(folder, environ)
                theirs.once(folder, environ)
        finally:
            docker("rmi", "-f", IMAGE, environ=environ)
    version = timed([compose, "version", "--short"], os.environ, Path()).stdout.strip()
    return [
        _figure("cold", ours.cold, theirs.cold, version, COLD_BOUND),
        _figure("nothing to do", ours.unchanged, theirs.unchanged, version, UNCHANGED_BOUND),
    ]


def _figure(
    kind: str, ours: list[float], theirs: list[float], version: str, bound: float
) -> Figure:
    return Figure(
        name=f"up of {CONTAINERS} containers, {kind}",
        value=median(ours),
        unit="s wall",
        peer=f"docker-compose {version} up -d",
        peer_value=median(theirs),
        bound=bound,
        command="moot up --venue docker",
    )


def twenty() -> dict[str, object]:
    """Twenty services on one network; half of them wait for the first, four keep a volume."""
    services: dict[str, object] = {}
    for number in range(CONTAINERS):
        services[f"part{number}"] = {
            "image": IMAGE,
            "command": ["sleep", "3600"],
            "stop_signal": "SIGKILL",  # the same end for both: no grace period in the figure
            "environment": {"NUMBER": str(number)},
            **({"depends_on": ["part0"]} if number % 2 else {}),
            **({"volumes": [f"data{number}:/data"]} if number % 5 == 0 else {}),
        }
    volumes = {f"data{number}": {} for number in range(0, CONTAINERS, 5)}
    return {"version": "2.4", "services": services, "volumes": volumes}


def import_image(environ: Mapping[str, str]) -> None:
    """An image of nothing but Debian's static busybox: no registry is asked."""
    busybox = Path(needed("busybox")).read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("bin/busybox")
        entry.size, entry.mode = len(busybox), 0o755
        archive.addfile(entry, io.BytesIO(busybox))
        for name in ("sh", "sleep"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    docker("import", "-c", "ENV PATH=/bin", "-", IMAGE, stdin=packed.getvalue(), environ=environ)


def docker(*arguments: str, environ: Mapping[str, str], stdin: bytes = b"") -> str:
    """What the docker client answers; raises CalledProcessError when it fails."""
    argv = ["docker", *arguments]
    ran = subprocess.run(argv, input=stdin, env=dict(environ), capture_output=True, check=True)
    return ran.stdout.decode()
