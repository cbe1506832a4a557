"""One machine as the handlers use it: run folders, errands and what little must be known of it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from moot.model.value import JSON
from moot.provider import Marks, ProviderError
from moot.shell import Command, Ran, Shell, ShellError

LAUNCHER = """import sys

if sys.argv[1] == "supervise":
    from onhost.supervisor import main
elif sys.argv[1] == "enter":
    from onhost.runs import enter as main
else:
    from onhost.errands import main
main(sys.argv[2:])
"""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Folders of one machine and the shell to it.

    Everything is below `data`, except port reservations, which all venues on the machine share
    (`reservations`).  `root` is the folder above `data` that is never removed.  `python` runs our
    scripts there, `path` is what processes get as PATH.
    """

    shell: Shell
    data: str
    root: str
    reservations: str
    python: str = sys.executable
    path: str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    haproxy: str = "haproxy"
    venue: str = ""
    trace: Callable[[str, str], None] = lambda venue, line: None

    def run_folder(self, marks: Marks, name: str) -> str:
        """Where the thing with these marks lives; another installation's is another folder."""
        owner = hashlib.sha256(marks.installation.encode()).hexdigest()[:12]
        return f"{self.data}/run/{owner}/{marks.app}/{name}.{marks.incarnation}"

    def errand(self, name: str, *, timeout_s: float = 60.0, **arguments: JSON) -> Any:
        """Have `onhost.errands` do something.  Raises ProviderError with what it says."""
        stdin = json.dumps({"errand": name, **arguments}).encode()
        try:
            ran = self._run(stdin, timeout_s)
            for _ in range(3):
                if ran.exit_code == 0:
                    break
                # An errand says what fails and exits with 0.  It fell over because the last App
                # of this venue left just now and took our scripts along while it was starting.
                ran = self._run(stdin, timeout_s)
        except ShellError as unknown:
            raise ProviderError("OutcomeUnknown", str(unknown)) from unknown
        said = (ran.stderr or ran.stdout[:300]).decode(errors="replace").strip()
        self.trace(self.venue, f"{name} {arguments.get('folder', '')}: exit {ran.exit_code} {said}")
        if ran.exit_code:
            raise ProviderError("GeneralServiceException", ran.stderr.decode(errors="replace"))
        answer = json.loads(ran.stdout)
        if "error" in answer:
            raise ProviderError(answer["error"], answer["message"], remedy=answer["remedy"])
        return answer["ok"]

    def surroundings(self) -> dict[str, Any]:
        """What an errand must know to leave nothing behind."""
        return {"reservations": self.reservations, "data": self.data, "root": self.root}

    def launcher(self) -> tuple[str, ...]:
        """How our scripts are started there; without site packages, in half the time."""
        if self.shell.get(self._script) is None:
            self._bring()
        return self.python, "-E", "-s", "-S", self._script

    def version_of_haproxy(self) -> tuple[int, int] | None:
        """(2, 6) for HAProxy 2.6.12; None where there is none."""
        said = self.shell.run(Command(argv=(self.haproxy, "-v"))).stdout.decode(errors="replace")
        version = re.match(r"HA-?Proxy version (\d+)\.(\d+)", said)
        return (int(version[1]), int(version[2])) if version else None

    def load(self, path: str) -> dict[str, Any]:
        """A JSON file there; empty where there is none."""
        content = self.shell.get(path)
        return json.loads(content) if content else {}

    def documents(self, pattern: str) -> list[tuple[str, dict[str, Any]]]:
        """(path, content) of every JSON file below `data` that matches, in one round trip."""
        script = (
            'cd "$0" 2>/dev/null || exit 0; '
            'for f in $1; do if [ -f "$f" ]; then echo "$f"; cat "$f"; echo; fi; done'
        )
        ran = self.shell.run(Command(argv=("sh", "-c", script, self.data, pattern)))
        lines = ran.stdout.decode().splitlines()
        pairs = zip(lines[::2], lines[1::2], strict=False)
        return [(f"{self.data}/{path}", json.loads(text)) for path, text in pairs if text]

    def alive(self, process: Mapping[str, int] | None) -> bool:
        """Whether the process with this pid and start time still runs."""
        if not process:
            return False
        stat = self.shell.get(f"/proc/{process['pid']}/stat")
        fields = stat.decode(errors="replace").rpartition(")")[2].split() if stat else []
        return bool(fields) and fields[0] not in "ZX" and int(fields[19]) == process["start"]

    @property
    def _script(self) -> str:
        return f"{self.data}/lib/{_scripts()[0]}/run.py"

    def _run(self, stdin: bytes, timeout_s: float) -> Ran:
        argv = (*self.launcher(), "errand")
        return self.shell.run(Command(argv=argv, stdin=stdin, timeout_s=timeout_s))

    def _bring(self) -> None:
        """Put our scripts there, under the digest of their content, so that versions coexist."""
        digest, archive = _scripts()
        unpack = (
            'umask 022; mkdir -p "$0/lib/$1.$$" && tar -C "$0/lib/$1.$$" -xf - && '
            '{ mv -T "$0/lib/$1.$$" "$0/lib/$1" 2>/dev/null || rm -r "$0/lib/$1.$$"; }'
        )
        command = Command(argv=("sh", "-c", unpack, self.data, digest), stdin=archive)
        ran = self.shell.run(command)
        for _ in range(2):  # an App that leaves may take the folder along
            if ran.exit_code:
                ran = self.shell.run(command)
        if ran.exit_code:
            raise ProviderError("AccessDenied", ran.stderr.decode(errors="replace").strip())


@cache
def _scripts() -> tuple[str, bytes]:
    """What runs on the machine: a digest of the content, and the content as a tar file."""
    texts = {"run.py": LAUNCHER.encode()}
    for file in sorted(files("moot.providers.host.onhost").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".py"):
            texts[f"onhost/{file.name}"] = file.read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in texts.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o644
            archive.addfile(entry, io.BytesIO(text))
    return hashlib.sha256(packed.getvalue()).hexdigest()[:16], packed.getvalue()
