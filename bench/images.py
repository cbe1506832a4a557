"""How long does a changed image take to five Engines, beside its new layer on the same links?"""

from __future__ import annotations

import contextlib
import getpass
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import Figure, Missing, needed
from moot.model.resource import Resource
from moot.provider import Env, Marks, Operation, Pending
from moot.providers.docker import DockerProvider
from tests.substrates.dockerd import NoEngine, apart

ENGINES = 5
MIB = 1 << 20
BELOW_MIB = (50, 50, 50)  # layers that stay
TOP_MIB = 50  # the one that changes
LINK_MBIT = 100
TIME_BOUND = 1.5
BYTES_BOUND = 1.01
IMAGE = "moot-bench/layers:1"
SLOW = Path(__file__).with_name("slow_link.py")


@dataclass(frozen=True, slots=True)
class Door:
    """A real sshd on loopback, and what `ssh` must be told to get through it slowly."""

    port: int
    options: tuple[str, ...]

    def address(self, engine: str) -> str:
        """Of an Engine's socket behind it."""
        user = getpass.getuser()
        return f"ssh://{user}@127.0.0.1:{self.port}{engine.removeprefix('unix://')}"


class Receiver:
    """A provider of one Engine, and what it said it moved."""

    def __init__(self, door: Door, engine: str, source: str, home: Path) -> None:
        self.lines: list[str] = []
        configuration = {
            "host": door.address(engine),
            "ssh_options": list(door.options),
            "images": {"from": source},
        }
        env = Env(home=home, trace=lambda venue, line: self.lines.append(line))
        self.provider = DockerProvider("bench", configuration, env)

    def take(self, incarnation: int) -> None:
        """Have the image that the source now has, as `moot up` would drive it."""
        address = "bench/web@bench/image"
        want = Resource(
            address=address,
            type="docker.image",
            venue="bench",
            properties={"reference": IMAGE, "pull_policy": "never", "current": True},
        )
        marks = Marks(
            installation="bench", generation=1, app="bench", address=address, uid="bench",
            incarnation=incarnation,
        )  # fmt: skip
        op = Operation(token="bench", marks=marks, deadline=time.time() + 600)
        while isinstance(progress := self.provider.create(want, op), Pending):
            op = replace(op, resume=progress.resume)
            time.sleep(progress.seconds)

    def moved_mib(self) -> float:
        """MiB of the last transfer."""
        found = [re.search(r"image load, \d+ layers, ([\d.]+) of", line) for line in self.lines]
        return float([line[1] for line in found if line][-1])


def measure(short: bool) -> list[Figure]:
    """Wall seconds of the second transfer to all Engines at once, and how much of it was new."""
    needed("ssh")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="moot-bench-images-")))
        try:
            source, *engines = (
                stack.enter_context(apart()) for _ in range((2 if short else ENGINES) + 1)
            )
        except NoEngine as reason:
            raise Missing(str(reason)) from reason
        door = stack.enter_context(sshd(folder / "door"))
        receivers = [Receiver(door, engine, source, folder) for engine in engines]
        for receiver in receivers:
            stack.callback(receiver.provider.close)
        build(source, folder, first=True)
        everywhere(receivers, 1)
        build(source, folder, first=False)
        took_s = everywhere(receivers, 2)
        moved_mib = sum(receiver.moved_mib() for receiver in receivers) / len(receivers)
        bound_s = streamed(door, round(moved_mib * MIB), len(receivers))
    whole = sum(BELOW_MIB) + TOP_MIB
    name = f"an image of {whole} MiB with a new layer of {TOP_MIB} MiB to {len(receivers)} Engines"
    return [
        Figure(
            name=f"{name}, over {LINK_MBIT} Mbit/s each",
            value=round(took_s, 2),
            unit="s wall",
            peer="as many bytes over the same SSH connections",
            peer_value=round(bound_s, 2),
            bound=TIME_BOUND,
            command="docker.image of five ssh:// venues",
        ),
        Figure(
            name=f"{name}, MiB moved to each",
            value=round(moved_mib, 2),
            unit="MiB",
            peer="the new layer",
            peer_value=float(TOP_MIB),
            bound=BYTES_BOUND,
            command="docker.image of five ssh:// venues",
        ),
    ]


def build(source: str, folder: Path, first: bool) -> None:
    """The image, made of nothing but noise: it cannot be compressed or be there by chance."""
    context = folder / "context"
    context.mkdir(exist_ok=True)
    sizes = {f"below{n}": size for n, size in enumerate(BELOW_MIB)} if first else {}
    for name, size in {**sizes, "top": TOP_MIB}.items():
        with Path("/dev/urandom").open("rb") as noise, (context / name).open("wb") as file:
            for _ in range(size):
                file.write(noise.read(MIB))
    names = [f"below{n}" for n in range(len(BELOW_MIB))] + ["top"]
    lines = "".join(f"COPY {name} /{name}\n" for name in names)
    (context / "Dockerfile").write_text(f"FROM scratch\n{lines}")
    run("docker", "--host", source, "build", "-q", "-t", IMAGE, str(context))


def everywhere(receivers: list[Receiver], incarnation: int) -> float:
    """Seconds until the last of them has it."""
    began = time.perf_counter()
    with ThreadPoolExecutor(len(receivers)) as pool:
        list(pool.map(lambda receiver: receiver.take(incarnation), receivers))
    return time.perf_counter() - began


def streamed(door: Door, length: int, count: int) -> float:
    """Seconds that as many bytes take to as many machines, from when all are connected."""
    argv = ["ssh", *door.options, "-p", str(door.port), "127.0.0.1", "echo; exec cat >/dev/null"]
    links = [
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(count)
    ]
    for link in links:
        link.stdout.readline()  # pyright: ignore[reportOptionalMemberAccess]
    piece = b"x" * MIB

    def send(link: subprocess.Popen[bytes]) -> None:
        for at in range(0, length, MIB):
            link.stdin.write(piece[: length - at])  # pyright: ignore[reportOptionalMemberAccess]
        link.communicate()

    began = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(send, links))
    return time.perf_counter() - began


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Door]:
    """One that knows one key, for as long as it is needed."""
    folder.mkdir()
    for name in ("host", "user"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
    shutil.copy(folder / "user.pub", folder / "authorized")
    port = free_port()
    words = ("Port", port), ("ListenAddress", "127.0.0.1"), ("HostKey", folder / "host")
    words += ("AuthorizedKeysFile", folder / "authorized"), ("StrictModes", "no"), ("UsePAM", "no")
    words += (("PidFile", "none"), ("MaxStartups", 100))
    (folder / "config").write_text("".join(f"{key} {value}\n" for key, value in words))
    Path("/run/sshd").mkdir(parents=True, exist_ok=True)
    daemon = subprocess.Popen([needed("sshd"), "-D", "-f", str(folder / "config")])
    host = " ".join((folder / "host.pub").read_text().split()[:2])
    (folder / "known").write_text(f"[127.0.0.1]:{port} {host}\n")
    link = f"ProxyCommand={sys.executable} {SLOW} %h %p {LINK_MBIT}"
    options = ("-i", str(folder / "user"), "-o", f"UserKnownHostsFile={folder / 'known'}",
               "-o", "BatchMode=yes", "-o", link)  # fmt: skip
    try:
        time.sleep(0.5)
        yield Door(port, options)
    finally:
        daemon.terminate()
        daemon.wait()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def run(*argv: str) -> None:
    """A command that must end well; raises CalledProcessError with what it said."""
    subprocess.run([needed(argv[0]), *argv[1:]], capture_output=True, check=True)
