"""The application of the acceptance tests: three components, two replicas each, on either venue."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SCRIPT = Path(__file__).with_name("www.sh").read_text()
IMAGE = f"moot-test/shop:{hashlib.sha256(SCRIPT.encode()).hexdigest()[:12]}"
CHAIN = {"edge": "api", "api": "store", "store": ""}


@dataclass
class Shop:
    """One App in a folder of its own, driven by the real command line."""

    folder: Path
    venue: str
    name: str = "shop"
    port: int = 0
    greetings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.orders = self.folder / "orders"

    def write(self) -> None:
        """The compose file as it is to be now."""
        services = {name: self.service(name) for name in CHAIN}
        text = yaml.safe_dump({"name": self.name, "services": services})
        (self.folder / "compose.yaml").write_text(text)

    def service(self, name: str) -> dict[str, Any]:
        following = CHAIN[name]
        prefix = following.upper()
        environment = {"NAME": name, "GREETING": self.greetings.get(name, "one")}
        service: dict[str, Any] = {
            "deploy": {"replicas": 2},
            "restart": "always",
            "environment": environment,
            "ports": [{"target": 8080, "app_protocol": "http"}],
            "healthcheck": {
                "test": [
                    "CMD-SHELL",
                    "/bin/busybox wget -qO- http://127.0.0.1:$$PORT/ | /bin/busybox grep $$NAME",
                ],
                "interval": "1s",
                "start_interval": "100ms",
                "start_period": "10s",
            },
        }
        if name == "edge":
            service["ports"][0] |= {"published": str(self.port), "host_ip": "127.0.0.1"}
        else:
            service["expose"] = ["8080"]
            service["ports"] = [{"target": 8080, "app_protocol": "http", "host_ip": "127.0.0.1"}]
        if following:
            service["depends_on"] = {following: {"condition": "service_healthy"}}
        ask = f"NEXT=${prefix}_HOST:${prefix}_PORT; export NEXT; " if following else ""
        if self.venue == "laptop":
            environment |= {"ORDERS": str(self.orders), "ROOT": str(self.folder)}
            service["x-moot"] = {"process": {"command": f"{ask}exec sh {self.folder}/www.sh"}}
        else:
            asked = ask.replace("$", "$$")
            service |= {
                "image": IMAGE,
                "command": ["sh", "-c", f"{asked}exec sh /www.sh"],
                "stop_signal": "SIGKILL",  # process 1 heeds no other unless it says so
            }
            environment["PORT"] = "8080"
            if following:
                environment |= {f"{prefix}_HOST": following, f"{prefix}_PORT": "8080"}
        return service

    def moot(self, *words: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run the command line in the App's folder."""
        ran = subprocess.run(
            [sys.executable, "-m", "moot", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=240,
            stdin=subprocess.DEVNULL,
        )
        assert check is None or ran.returncode == check, (
            words,
            ran.returncode,
            ran.stdout,
            ran.stderr,
        )
        return ran

    def json(self, *words: str) -> Any:
        return json.loads(self.moot(*words, "--json").stdout)

    def up(self) -> subprocess.CompletedProcess[str]:
        self.write()
        if self.venue == "laptop":
            (self.folder / "www.sh").write_text(SCRIPT)
        return self.moot("up", "--venue", self.venue)

    def get(self, path: str = "/") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def mains(self) -> dict[str, dict[str, Any]]:
        """The item of every replica's process or container, by replica."""
        items = self.json("inventory")["items"]
        kinds = ("/process", "/container")
        return {i["address"].partition("@")[0]: i for i in items if i["address"].endswith(kinds)}

    def running(self) -> dict[str, tuple[str, int]]:
        """Identifier and process id of every replica."""
        return {r: (item["identifier"], self.pid(item)) for r, item in self.mains().items()}

    def pid(self, item: dict[str, Any]) -> int:
        """The process id of a replica's main process."""
        if self.venue == "laptop":
            return int(item["properties"]["pid"])
        told = docker("inspect", "-f", "{{.State.Pid}}", item["identifier"])
        return int(told.strip())

    def serves_again(self, replica: str, killed: int) -> bool:
        """Whether the restart policy has brought a killed replica back into service."""
        item = self.mains()[replica]
        if item["status"] != "healthy" or self.pid(item) in {0, killed}:
            return False
        time.sleep(0.5)  # the gateway looks every 200 ms whether it is back
        return self.get("/cgi-bin/chain").split() == ["edge", "api", "store"]

    def ordered(self) -> list[str]:
        """Every order that was executed, as often as it was."""
        if self.venue == "laptop":
            return self.orders.read_text().split() if self.orders.exists() else []
        lines: list[str] = []
        for item in self.mains().values():
            lines += docker(
                "exec", item["identifier"], "/bin/busybox", "cat", "/orders", ok=None
            ).split()
        return lines


def docker(*words: str, ok: int | None = 0) -> str:
    ran = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=120)
    assert ok is None or ran.returncode == ok, (words, ran.stderr)
    return ran.stdout if ran.returncode == 0 else ""


def build_image() -> None:
    """An image of busybox and the script, made here: no registry is asked."""
    if docker("images", "-q", IMAGE).strip():
        return
    import io
    import tarfile

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in ("bin", "srv", "tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(entry)
        tar.add("/bin/busybox", "bin/busybox")
        for name in ("sh", "wget", "grep"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "/bin/busybox"
            tar.addfile(link)
        script = tarfile.TarInfo("www.sh")
        script.size, script.mode = len(SCRIPT.encode()), 0o755
        tar.addfile(script, io.BytesIO(SCRIPT.encode()))
    subprocess.run(
        ["docker", "import", "-", IMAGE],
        input=archive.getvalue(),
        capture_output=True,
        check=True,
        timeout=60,
        env=os.environ,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(check: Any, seconds: float = 30.0) -> Any:
    """The first true answer of `check`, asked again and again."""
    until = time.monotonic() + seconds
    while True:
        try:
            if answer := check():
                return answer
        except (OSError, AssertionError):
            if time.monotonic() > until:
                raise
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.2)
