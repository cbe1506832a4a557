"""The Apps that are killed at: one of processes, one of containers, counted from outside moot."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

REPLICAS = 3
SETTLES_S = 10.0  # so long after a run what is on its way out may still be seen
GENERATIONS = (1, 2)
BUSYBOX = "/bin/busybox"

Count = Counter[str]


class Victim(ABC):
    """One App in a folder of its own: replicas behind a gateway, a job before them, a volume."""

    venue: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"kill{os.getpid()}"
        self.port = free_port()
        self.environ = {
            **os.environ,
            "MOOT_HOME": str(folder / "home"),
            "MOOT_VENUES": str(folder / "venues.yaml"),
            "MOOT_TRACE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        for generation in GENERATIONS:
            pages = folder / "www" / str(generation)
            pages.mkdir(parents=True)
            (pages / "index.html").write_text(f"{generation}\n")

    def write(self, generation: int) -> None:
        """The compose file as it is to be now."""
        web = {
            **self.web(generation),
            "deploy": {"replicas": REPLICAS, "update_config": {"parallelism": 2}},
            "ports": [
                {
                    "target": 8080,
                    "published": str(self.port),
                    "host_ip": "127.0.0.1",
                    "app_protocol": "http",
                }
            ],
            "depends_on": {"job": {"condition": "service_completed_successfully"}},
            "volumes": ["data:/data"],
        }
        job = {**self.job(), "volumes": ["data:/data"]}
        declared = {
            "name": self.name,
            "services": {"job": job, "web": web},
            "volumes": {"data": {}},
        }
        (self.folder / "compose.yaml").write_text(yaml.safe_dump(declared))

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The real command line, with a line on stderr for every call to the venue."""
        return subprocess.Popen(
            [sys.executable, "-m", "moot", *words],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def settled(self, wanted: Count) -> Count:
        """What there is, as soon as it is what is wanted, or after some patience."""
        until = time.monotonic() + SETTLES_S
        while (found := self.count()) != wanted and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def answer(self) -> str:
        """What the App says through its gateway; the failure where it says nothing."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
                return answer.read().decode().strip()
        except OSError as error:
            return f"{type(error).__name__}: {error}"

    @abstractmethod
    def prepare(self) -> None:
        """What must be there before the first run."""

    @abstractmethod
    def clean(self) -> None:
        """What `prepare` made goes again."""

    @abstractmethod
    def web(self, generation: int) -> dict[str, Any]: ...

    @abstractmethod
    def job(self) -> dict[str, Any]: ...

    @abstractmethod
    def count(self) -> Count:
        """Everything of the App that there is, by what it is; moot is not asked."""


class Processes(Victim):
    """Processes of this machine, counted in /proc and in the file system."""

    venue = "laptop"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = folder / "data"

    def prepare(self) -> None:
        venues = {"laptop": {"provider": "host", "local": True, "data": str(self.data)}}
        (self.folder / "venues.yaml").write_text(yaml.safe_dump({"venues": venues}))

    def clean(self) -> None:
        pass  # all it made is below the folder

    def web(self, generation: int) -> dict[str, Any]:
        pages = str(self.folder / "www" / str(generation))
        serve = [BUSYBOX, "httpd", "-f", "-p", "127.0.0.1:$PORT", "-h", pages]
        return {"x-moot": {"process": {"command": serve}}}

    def job(self) -> dict[str, Any]:
        return {"x-moot": {"process": {"command": [BUSYBOX, "true"]}}}

    def count(self) -> Count:
        kinds = [kind for folder in Path("/proc").glob("[0-9]*") if (kind := self._kind(folder))]
        runs = [f"folder {run.name.rpartition('.')[0]}" for run in self.data.glob("run/*/*/*")]
        volumes = [f"volume {volume.name}" for volume in self.data.glob("volumes/*")]
        return Counter(kinds + runs + volumes)

    def running(self) -> set[str]:
        """Process ids of the replicas."""
        folders = Path("/proc").glob("[0-9]*")
        return {folder.name for folder in folders if self._kind(folder).startswith("web ")}

    def _kind(self, process: Path) -> str:
        """What a process is of the App; "" where it is none of it."""
        try:
            argv = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            around = (process / "environ").read_bytes().decode(errors="replace")
            around += str((process / "cwd").readlink())
        except (OSError, ProcessLookupError):
            return ""
        if str(self.folder) not in " ".join(argv) + around or int(process.name) == os.getpid():
            return ""
        if "supervise" in argv:
            return "supervisor"
        if "httpd" in argv:
            return f"web {Path(argv[-2]).name}"
        return Path(argv[0]).name


class Containers(Victim):
    """Containers, counted with the docker command by the label of their App."""

    venue = "docker"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.image = f"moot-test/kill:{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"

    def prepare(self) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(shutil.which("busybox") or BUSYBOX, "bin/busybox")
            archive.add(self.folder / "www", "www")
        docker("import", "-", self.image, stdin=packed.getvalue())

    def clean(self) -> None:
        docker("rmi", "-f", self.image)

    def web(self, generation: int) -> dict[str, Any]:
        serve = [BUSYBOX, "httpd", "-f", "-p", "8080", "-h", f"/www/{generation}"]
        return {
            "image": self.image,
            "command": serve,
            "stop_signal": "SIGKILL",  # a shell without handlers would use up its grace period
        }

    def job(self) -> dict[str, Any]:
        return {"image": self.image, "command": [BUSYBOX, "true"]}

    def count(self) -> Count:
        found: Count = Counter()
        mine = f"label=moot.app={self.name}"
        for kind in ("network", "volume"):
            found.update(
                f"{kind} {name}"
                for name in docker(kind, "ls", "--filter", mine, "--format", "{{.Name}}").split()
            )
        ids = docker("ps", "-aq", "--no-trunc", "--filter", mine).split()
        for told in json.loads(docker("inspect", *ids)) if ids else ():
            address = str(told["Config"]["Labels"].get("moot.address"))
            argv = told["Config"]["Cmd"] or [""]
            kind = f"web {Path(argv[-1]).name}" if "httpd" in argv else "container"
            found[f"{kind} {told['State']['Status']} {address}"] += 1
        return found


def docker(*words: str, stdin: bytes = b"") -> str:
    """What the docker command says; a thing that goes while it is looked at is no failure."""
    ran = subprocess.run(["docker", *words], input=stdin, capture_output=True, timeout=120)
    if ran.returncode and b"No such" not in ran.stderr:
        raise RuntimeError(f"docker {' '.join(words)}: {ran.stderr.decode(errors='replace')}")
    return ran.stdout.decode()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


VICTIMS: dict[str, type[Victim]] = {"laptop": Processes, "docker": Containers}
