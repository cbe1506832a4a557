"""Secrets with a mark that nothing else has, planted in an App, and looked for everywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

WAYS = ("from_file", "from_variable", "from_command")
PATIENCE_S = 60.0


class Treasure:
    """A folder with an App, its secrets, a home of moot's, and all that moot ever said."""

    def __init__(self, venues: dict[str, Any]) -> None:
        self.mark = f"zz{uuid.uuid4().hex}"
        self.folder = Path(tempfile.mkdtemp(prefix="moot-treasure-"))
        self.folder.chmod(0o755)  # replicas run as users of their own and start in here
        self.home = self.folder / "home"
        self.said: list[bytes] = []
        (self.folder / "venues.yaml").write_text(json.dumps({"venues": venues}))
        (self.folder / "secrets").mkdir(mode=0o700)
        for way in WAYS:
            self.bury(way, "first")

    def clear(self) -> None:
        shutil.rmtree(self.folder)

    def bury(self, way: str, more: str) -> None:
        """Give a secret another content, in bytes and lines as secrets come."""
        content = f"{self.mark}-{way}-{more}\n{self.mark} second line \\ \" ' ü"
        path = self.folder / "secrets" / way
        path.write_text(content)
        path.chmod(0o600)

    def content(self, way: str) -> bytes:
        return (self.folder / "secrets" / way).read_bytes()

    def declare(self, services: dict[str, Any]) -> None:
        """The App, in which every way of having a secret is used."""
        secrets = {
            "from_file": {"file": "./secrets/from_file"},
            "from_variable": {"environment": "TREASURE"},
            "from_command": {"x-moot": {"command": ["cat", "secrets/from_command"]}},
        }
        declared = {"name": "hush", "services": services, "secrets": secrets}
        (self.folder / "compose.yaml").write_text(json.dumps(declared))

    def moot(self, *words: str, code: int | None = 0, meant: bool = False) -> str:
        """What a command prints; all of it is remembered, unless a secret is what was `meant`."""
        ran = subprocess.run(**self._call(words), capture_output=True, timeout=120)
        self.said += [b"" if meant else ran.stdout, ran.stderr]
        assert code in (None, ran.returncode), (ran.stdout + ran.stderr).decode()
        return ran.stdout.decode()

    def kill_amid(self, *words: str) -> None:
        """Begin a command and kill it as soon as a call of it is under way."""
        with tempfile.TemporaryFile() as output:
            started = subprocess.Popen(**self._call(words), stdout=output, stderr=output)
            until = time.monotonic() + PATIENCE_S
            while started.poll() is None and not self.under_way():
                assert time.monotonic() < until, "nothing was begun"
                time.sleep(0.005)
            started.send_signal(signal.SIGKILL)
            started.wait()
            output.seek(0)
            self.said.append(output.read())

    def under_way(self) -> list[str]:
        """The requests of calls whose end is not recorded."""
        if not (self.home / "moot.db").exists():
            return []
        with sqlite3.connect(self.home / "moot.db") as db:
            asked = "SELECT request FROM intent WHERE settled_at IS NULL AND request IS NOT NULL"
            found = [row[0] for row in db.execute(asked)]
        db.close()
        return found

    def everything_is_said(self, venue: str) -> None:
        """Every command that looks."""
        chosen = ("--venue", venue)
        for words in (["config"], ["--json", "plan"], ["ps"], ["--json", "secret", "ls"]):
            self.moot(*chosen, *words, code=None)
        items = json.loads(self.moot(*chosen, "--json", "inventory"))["items"]
        (address,) = {
            item["address"]
            for item in items
            if item["address"].startswith("hush/web/0@") and item["type"].endswith(KINDS)
        }
        self.moot("--json", "history", address)
        self.moot("--json", "diff", "--from", "1d")

    def found(self) -> list[str]:
        """Where the mark is: in what was said, in moot's home, among the processes."""
        places = [f"output {n}" for n, text in enumerate(self.said) if self.holds(text)]
        until = time.monotonic() + PATIENCE_S
        while (seen := self.seen()) and time.monotonic() < until:
            time.sleep(0.1)  # what a killed moot had begun ends by itself, and soon
        return places + self.files(self.home) + seen

    def seen(self) -> list[str]:
        """Processes with the mark where others may see it, or that have no use for it."""
        return [
            str(process / kind)
            for process in Path("/proc").glob("[0-9]*")
            for kind in ("cmdline", "environ")
            if self.holds(text := contents(process / kind)) and not is_ours(text, kind)
        ]

    def files(self, *folders: Path, but: Iterable[str] = ()) -> list[str]:
        """Files with the mark, in any disguise that costs nothing."""
        return [
            str(path)
            for folder in folders
            for path in walked(folder)
            if not path.name.startswith(tuple(but)) and self.holds(contents(path))
        ]

    def holds(self, text: bytes) -> bool:
        mark = self.mark.encode()
        disguises = [base64.b64encode(b"x" * n + mark)[4:-4] for n in range(3)]
        return any(one in text for one in (mark, mark.hex().encode(), *disguises))

    def _call(self, words: Iterable[str]) -> dict[str, Any]:
        environ = {
            **os.environ,
            "MOOT_HOME": str(self.home),
            "MOOT_VENUES": str(self.folder / "venues.yaml"),
            "MOOT_TRACE": "1",
            "TREASURE": self.content("from_variable").decode(),
        }
        return {
            "args": [sys.executable, "-m", "moot", *words],
            "cwd": self.folder,
            "env": environ,
            "stdin": subprocess.DEVNULL,
        }


KINDS = (".process", ".container")


def is_ours(text: bytes, kind: str) -> bool:
    """Whether it is the environment of a replica that was given the secret as a variable."""
    return kind == "environ" and b"MOOT_REPLICA=hush/" in text


def walked(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


def contents(path: Path) -> bytes:
    """What is in a file; nothing where it has gone meanwhile, or is none."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
