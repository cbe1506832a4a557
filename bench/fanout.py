"""How long do 20 machines take for 5 files and 3 commands each, beside pyinfra and ansible-core?

Each of the three as it comes, with its own defaults but for one: all of them exchange keys by
curve25519, which pyinfra's library has alone.  OpenSSH's newer default costs a client 50 ms of CPU
for each login, and would be compared with nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figure import Figure, Missing, median, moot, timed, workplace
from tests.substrates import hosts

FIRST, AGAIN = "first run", "no change"
BOUNDS = {  # of ours over theirs, on the wall
    ("pyinfra", FIRST): 1 / 5,
    ("pyinfra", AGAIN): 1 / 8,
    ("ansible-core", FIRST): 1 / 20,
    ("ansible-core", AGAIN): 1 / 40,
}
FILES = {f"/etc/fanout/file-{i}.conf": f"# file {i}\nsetting = {i}\n" * 20 for i in range(1, 6)}
MARKS = [f"/var/fanout-{i}" for i in range(1, 4)]
KEYS = "  KexAlgorithms curve25519-sha256\n"
FLOORS = (  # what nobody can go below who uses OpenSSH, and Python there
    "logins to {} machines and nothing else, by OpenSSH",
    "logins to {} machines, and a Python started there, by OpenSSH",
    "a Python started on {} machines over connections that are kept, by OpenSSH",
)
PYTHON = ("python3", "-E", "-s", "-S", "-c", "pass")
ROUND_TRIPS = 3.0  # the most that a machine may be asked where nothing has changed


def measure(short: bool) -> list[Figure]:
    """Wall seconds of each in turns; ansible-core, which takes minutes, once."""
    hosts, rounds = (4, 1) if short else (20, 3)
    peers = _peers()
    ours = Tool("moot", declared)
    theirs = [Tool("pyinfra", _pyinfra(peers)), Tool("ansible-core", _ansible(peers))]
    with laboratory() as lab:
        for number in range(rounds):
            for tool in (ours, *theirs):
                if number == 0 or tool.name != "ansible-core":
                    tool.round(lab, hosts)
        floors = [_floors_s(lab, hosts) for _ in range(rounds)]
    command = f"python -m bench.run fanout  # {hosts} hosts, 5 files and 3 commands each"
    figures = [
        Figure(
            name=f"{hosts} machines, {step}, beside {peer.name}",
            value=median(ours.took[step]),
            unit="s",
            peer=peer.name,
            peer_value=median(peer.took[step]),
            bound=BOUNDS[peer.name, step],
            command=command,
        )
        for step in (FIRST, AGAIN)
        for peer in theirs
    ]
    asked = Figure(
        name="most round trips to a machine where nothing has changed",
        value=max(ours.trips),
        unit="",
        bound=ROUND_TRIPS,
        command=command,
    )
    here = [
        Figure(
            name=f"{hosts} machines, {step}, beside {peer.name}, CPU on this side",
            value=median(ours.cpu[step]),
            unit="s CPU",
            peer=peer.name,
            peer_value=median(peer.cpu[step]),
            command=command,
        )
        for step in (FIRST, AGAIN)
        for peer in theirs
    ]
    nobody_below = [
        Figure(name=name.format(hosts), value=median(took), unit="s", command=command)
        for name, took in zip(FLOORS, zip(*floors, strict=True), strict=True)
    ]
    return [*figures, *here, asked, *nobody_below]


Prepare = Callable[[Any, Sequence[Any], Path, dict[str, str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Tool:
    """One of those compared.  `prepare` writes what it needs, and gives the command.

    `took` are seconds on the wall by step, `cpu` those of CPU without what the machines spend.
    """

    name: str
    prepare: Prepare
    took: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    cpu: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    trips: list[float] = field(default_factory=list[float])

    def round(self, lab: Any, count: int) -> None:
        """Machines as they come, then the same machines as it left them."""
        with workplace() as (folder, environ), lab.fresh(count) as hosts:
            argv = self.prepare(lab, hosts, folder, environ)
            for step in (FIRST, AGAIN):
                timing = timed(argv, environ, folder)
                self.took.setdefault(step, []).append(timing.wall_s)
                self.cpu.setdefault(step, []).append(timing.cpu_s)
                print(f"{self.name}: {step}: {timing.wall_s:.2f} s", file=sys.stderr, flush=True)
                _check(hosts)
            if self.name == "moot":
                self.trips.append(_round_trips(argv, environ, folder))
                subprocess.run(moot("down"), cwd=folder, env=environ, capture_output=True)


def declared(
    lab: Any,
    hosts: Sequence[Any],
    folder: Path,
    environ: dict[str, str],
    replicas: int = 0,
    **more: object,
) -> list[str]:
    """Writes what we need for so many replicas, one for each machine where none is said; the pool
    has `more` settings.
    """
    addresses = [host.address for host in hosts]
    pool = {"provider": "host", "hosts": addresses, **lab.settings(), **more}
    Path(environ["MOOT_VENUES"]).write_text(json.dumps({"venues": {"lab": pool}}))
    recipe = {
        "files": {path: {"content": text} for path, text in FILES.items()},
        "scripts": {
            Path(mark).name: {"run": f"touch {mark}", "check": f"test -e {mark}", "undo": "true"}
            for mark in MARKS
        },
    }
    # The process is what a component is for; the others have nothing like it to do.
    process = {"command": ["sleep", "infinity"]}
    service = {
        "deploy": {"replicas": replicas or len(hosts)},
        "x-moot": {"process": process, "recipe": recipe},
    }
    document = {"name": "fanout", "services": {"site": service}}
    (folder / "compose.yaml").write_text(json.dumps(document))
    return moot("up", "--quiet", "--venue", "lab")


def _round_trips(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> float:
    """The most errands to any machine in a run that changes nothing; connecting counts as one."""
    ran = subprocess.run(
        argv, env={**environ, "MOOT_TRACE": "1"}, cwd=folder, capture_output=True, text=True
    )
    asked: dict[str, int] = {}
    for line in ran.stderr.splitlines():
        words = line.split()
        if words[2:3] == ["errand"]:
            asked[words[1]] = asked.get(words[1], 1) + 1
    return float(max(asked.values(), default=1))


def _floors_s(lab: Any, count: int) -> list[float]:
    """Wall seconds of each of FLOORS, for all machines at once."""
    kept = ("-o", "ControlMaster=auto", "-o", "ControlPersist=60")
    sockets = ("-o", f"ControlPath={lab.folder}/%C")
    with lab.fresh(count) as hosts:
        alone_s = _all_s(lab, hosts, (), "true")
        with_python_s = _all_s(lab, hosts, (*kept, *sockets), *PYTHON)
        kept_s = _all_s(lab, hosts, sockets, *PYTHON)
        _all_s(lab, hosts, (*sockets, "-O", "exit"))
    return [alone_s, with_python_s, kept_s]


def _all_s(lab: Any, hosts: Sequence[Any], options: Sequence[str], *argv: str) -> float:
    """Wall seconds until a command has ended on every machine, begun on all at once."""
    lines = [lab.ssh(host, *argv) for host in hosts]
    commands = [[line[0], *options, *line[1:]] for line in lines]
    began = time.perf_counter()
    running = [subprocess.Popen(c, stderr=subprocess.DEVNULL) for c in commands]
    codes = [each.wait() for each in running]
    took_s = time.perf_counter() - began
    assert not any(codes)
    return took_s


def _pyinfra(folder: Path) -> Prepare:
    def prepare(
        lab: Any, hosts: Sequence[Any], where: Path, environ: dict[str, str]
    ) -> Sequence[str]:
        settings = {
            "ssh_user": "root",
            "ssh_key": str(lab.folder / "id"),
            "ssh_known_hosts_file": str(lab.folder / "known_hosts"),
        }
        inventory = [(host.address, settings) for host in hosts]
        (where / "inventory.py").write_text(f"hosts = {inventory!r}\n")
        lines = ["from io import StringIO", "from pyinfra.operations import files, server"]
        for path, text in FILES.items():
            lines.append(f"files.put(StringIO({text!r}), {path!r}, create_remote_dir=True)")
        for mark in MARKS:
            lines.append(f"server.shell(commands=['test -e {mark} || touch {mark}'])")
        (where / "deploy.py").write_text("\n".join(lines) + "\n")
        return [str(folder / "bin/pyinfra"), "-y", "inventory.py", "deploy.py"]

    return prepare


def _ansible(folder: Path) -> Prepare:
    def prepare(
        lab: Any, hosts: Sequence[Any], where: Path, environ: dict[str, str]
    ) -> Sequence[str]:
        environ["LC_ALL"] = "C.UTF-8"  # it refuses to start without a locale of UTF-8
        reach = f"ansible_user=root ansible_ssh_private_key_file={lab.folder}/id"
        reach += f" ansible_ssh_common_args='-F {lab.folder}/ssh_config'"
        reach += " ansible_python_interpreter=/usr/bin/python3"
        (where / "inventory").write_text("".join(f"{h.address} {reach}\n" for h in hosts))
        tasks: list[dict[str, Any]] = [
            {"file": {"path": "/etc/fanout", "state": "directory"}},
            *({"copy": {"dest": path, "content": text}} for path, text in FILES.items()),
            *({"shell": {"cmd": f"touch {mark}", "creates": mark}} for mark in MARKS),
        ]
        play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        (where / "site.yml").write_text(json.dumps(play))
        return [str(folder / "bin/ansible-playbook"), "-i", "inventory", "site.yml"]

    return prepare


def _check(hosts: Sequence[Any]) -> None:
    """Whoever is fast must have done it."""
    for host in hosts:
        for path, text in FILES.items():
            assert (host.root / path[1:]).read_text() == text, f"{host.name} has no {path}"
        for mark in MARKS:
            assert (host.root / mark[1:]).exists(), f"{host.name} has no {mark}"


def _peers() -> Path:
    """Both from the package index, in an environment of their own; Missing where that fails."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moot-bench"
    folder = cache / "fanout"
    if not (folder / "bin/ansible-playbook").exists() or not (folder / "bin/pyinfra").exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin/pip"), "install", "--quiet", "pyinfra", "ansible-core"]
        ran = subprocess.run(pip, capture_output=True, text=True)
        if ran.returncode:
            raise Missing(f"pyinfra and ansible-core: {ran.stderr.strip()[-200:]}")
    return folder


@contextmanager
def laboratory() -> Iterator[Any]:
    """Machines to reach over SSH; Missing where there can be none."""
    try:
        with hosts.lab() as lab:
            with (lab.folder / "ssh_config").open("a") as settings:
                settings.write(KEYS)
            yield lab
    except hosts.NoHosts as reason:
        raise Missing(str(reason)) from reason
