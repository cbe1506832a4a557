"""Gives real SSH hosts to tests and benchmarks: Debian systems in namespaces of their own.

    python -m tests.substrates.hosts N [COMMAND...]    runs COMMAND (or a shell) beside N hosts

A host is an overlay over one cached Debian tree, with a network, process table, host name and sshd
of its own; sshd is its process 1, so that killing it is pulling the plug.  All of a host lives in
its namespaces and ends with them, also when a test run is killed.  The hosts hang on a bridge of
the machine, reach one another and, through the machine, package registries.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.substrates.host_network import PATH, alone, bridged, said

PACKAGES = "openssh-server,iproute2,nftables,procps,python3,ca-certificates,haproxy,sudo,apt-utils"
COMMANDS = ("mmdebstrap", "ip", "unshare", "nsenter", "setpriv", "ssh", "ssh-keygen", "sshd")
PATIENCE_S = 30.0
LISTENING = "00000000:0016 00000000:0000 0A"  # port 22, in /proc/net/tcp
BOOT = """set -e
mount -t overlay overlay -o lowerdir=$TREE,upperdir=$HOST/upper,workdir=$HOST/work $HOST/root
cd $HOST/root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys || true
mount --rbind /dev dev
for place in run tmp dev/shm; do mount -t tmpfs -o mode=1777 tmpfs $place; done
chmod 755 run
mkdir run/sshd
hostname $NAME
ip link set lo up
until ip link set eth0 up 2>/dev/null; do sleep 0.01; done
ip addr add $ADDRESS/24 dev eth0
ip route add default via $GATEWAY
exec chroot . /usr/sbin/sshd -D -e
"""


class NoHosts(Exception):
    """Hosts cannot be started here; says why."""


class Host:
    """One machine.  It stays what it is over `kill` and `boot`, but for what it kept in memory."""

    def __init__(self, lab: Lab, number: int) -> None:
        self.lab = lab
        self.name = f"h{number}"
        self.address = lab.address(number)
        self.link = f"{lab.bridge}{number}"
        self.card = f"02:4d:54:00:{int(lab.network.split('.')[2]):02x}:{number:02x}"
        self.folder = lab.folder / self.name
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("upper/etc/ssh", "upper/root/.ssh", "upper/home/ops/.ssh", "work", "root"):
            (self.folder / name).mkdir(parents=True)
        self._furnish(self.folder / "upper")

    def venue(self, **more: Any) -> dict[str, Any]:
        """What a venue says to reach it as root."""
        return {"host": self.address, **self.lab.settings(), **more}

    @property
    def pid(self) -> int:
        """Its process 1, as the machine around it counts."""
        assert self._process
        outer = self._process.pid
        return int(Path(f"/proc/{outer}/task/{outer}/children").read_text().split()[0])

    @property
    def root(self) -> Path:
        """All of its files, to look at from outside."""
        return Path(f"/proc/{self.pid}/root")

    @property
    def host_key(self) -> str:
        """The fingerprint of its key, as OpenSSH shows it."""
        listed = said("ssh-keygen", "-lf", f"{self.folder}/upper/etc/ssh/ssh_host_ed25519_key.pub")
        return listed.split()[1]

    def run(self, *argv: str, check: bool = True) -> str:
        """What a command there says, without SSH."""
        namespaces = ["--mount", "--pid", "--net", "--uts", "--ipc", "--root", "--wd=/"]
        return said("nsenter", "--target", str(self.pid), *namespaces, *argv, check=check)

    def boot(self) -> None:
        """Switch it on; it answers when this returns."""
        settings = {
            "TREE": str(self.lab.tree),
            "HOST": str(self.folder),
            "NAME": self.name,
            "ADDRESS": self.address,
            "GATEWAY": self.lab.gateway,
        }
        argv = ["setpriv", "--pdeathsig", "KILL", "unshare", "--fork", "--kill-child=KILL"]
        argv += ["--pid", "--mount", "--uts", "--ipc", "--net", "sh", "-c", BOOT]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={"PATH": PATH, **settings},
            )
        self._plug_in(self._process.pid)
        self._await_answer()

    def kill(self) -> None:
        """Pull the plug: everything on it ends at once, and nobody is told."""
        if self._process:
            with contextlib.suppress(OSError, IndexError):
                os.kill(self.pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
            self._process = None
            said("ip", "link", "del", self.link, check=False)

    def reboot(self) -> None:
        """What is on its disk stays."""
        self.kill()
        self.boot()

    def freeze(self) -> None:
        """Let it hang: its kernel still takes connections, and nothing on it ever answers."""
        for pid in self._inside():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self._inside():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def cut(self) -> None:
        """Cut its network: nothing comes through, in either direction, and nobody is told."""
        said("ip", "link", "set", self.link, "down")

    def join(self) -> None:
        """Mend its network."""
        said("ip", "link", "set", self.link, "up")

    def end(self) -> None:
        """Throw it away."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_host_key(self) -> None:
        """As if another machine had taken its address."""
        path = self.folder / "upper/etc/ssh/ssh_host_ed25519_key"
        for name in (path, path.with_suffix(".pub")):
            name.unlink(missing_ok=True)
        said("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))

    def _furnish(self, upper: Path) -> None:
        key = (self.lab.folder / "id.pub").read_bytes()
        for person in ("root", "home/ops"):
            (upper / person / ".ssh").chmod(0o700)
            (upper / person / ".ssh/authorized_keys").write_bytes(key)
        said("chown", "-R", "1000:1000", str(upper / "home/ops"))
        for name in ("upper", "upper/root", "upper/home", "upper/etc"):
            (self.folder / name).chmod(0o755)
        (upper / "etc/hostname").write_text(f"{self.name}\n")
        (upper / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
        (upper / "etc/hosts").write_text(f"127.0.0.1 localhost\n{self.address} {self.name}\n")
        shutil.copy("/etc/resolv.conf", upper / "etc/resolv.conf")
        self.new_host_key()
        with (self.lab.folder / "known_hosts").open("a") as known:
            public = (upper / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
            known.write(f"{self.address} {public}")

    def _plug_in(self, pid: int) -> None:
        """A cable from the bridge into its network, as soon as it has one of its own."""
        ours = _namespace("self", "net")
        _until(lambda: _namespace(pid, "net") != ours, self._log)
        inside = ["peer", "name", "eth0", "address", self.card, "netns", str(pid)]
        said("ip", "link", "add", self.link, "type", "veth", *inside)
        said("ip", "link", "set", self.link, "master", self.lab.bridge, "up")

    def _await_answer(self) -> None:
        """Asked of its kernel: a packet sent too early would cost a second."""
        table = Path(f"/proc/{self._process.pid}/net/tcp") if self._process else Path()
        _until(lambda: LISTENING in table.read_text(), self._log)

    def _inside(self) -> list[int]:
        """Every process in its process table."""
        table, found = _namespace(self.pid, "pid"), []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if _namespace(folder.name, "pid") == table:
                    found.append(int(folder.name))
        return found

    def _log(self) -> str:
        return f"{self.name}: " + (self.folder / "log").read_text()[-1500:]


class Lab:
    """A network of hosts, and what a client needs to reach them."""

    def __init__(self, folder: Path, tree: Path, bridge: str, network: str) -> None:
        self.folder, self.tree, self.bridge = folder, tree, bridge
        self.network, self.gateway = network, network.replace("0/24", "254")
        self.hosts: list[Host] = []
        self._last = 0
        said("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "id"))
        (folder / "known_hosts").touch()
        (folder / "ssh_config").write_text(
            f"Host *\n  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known_hosts\n"
        )

    def address(self, number: int) -> str:
        return self.network.replace("0/24", str(number))

    def settings(self) -> dict[str, Any]:
        """What all venues of this lab have in common."""
        return {
            "user": "root",
            "identity_file": str(self.folder / "id"),
            "ssh_config": str(self.folder / "ssh_config"),
        }

    def add(self, count: int) -> list[Host]:
        """So many new hosts, clean and switched on."""
        added = [Host(self, self._last + number) for number in range(1, count + 1)]
        self._last += count
        self.hosts += added
        for host in added:
            host.boot()
        return added

    @contextlib.contextmanager
    def fresh(self, count: int) -> Iterator[list[Host]]:
        """So many new hosts for a while."""
        added = self.add(count)
        try:
            yield added
        finally:
            for host in added:
                host.end()
                self.hosts.remove(host)

    def ssh(self, host: Host, *argv: str) -> list[str]:
        """The command line of a plain OpenSSH client, for those who are compared with us."""
        identity, settings = self.folder / "id", self.folder / "ssh_config"
        return ["ssh", "-F", str(settings), "-i", str(identity), f"root@{host.address}", *argv]


@contextlib.contextmanager
def lab(packages: str = PACKAGES) -> Iterator[Lab]:
    """A network without hosts yet; raises NoHosts with the reason where there can be none."""
    if reason := why_not():
        raise NoHosts(reason)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moot-tests"
    cache.mkdir(parents=True, exist_ok=True)
    tree = _tree(cache, packages)
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="moot-hosts-"))
        bridge, network = stack.enter_context(bridged(cache / "networks.lock"))
        found = Lab(Path(name), tree, bridge, network)
        stack.callback(lambda: [host.end() for host in found.hosts])
        yield found


def why_not() -> str:
    """What keeps hosts from being started here, "" where nothing does."""
    if os.geteuid() != 0:
        return "only root can make namespaces that are SSH hosts"
    missing = [command for command in COMMANDS if not shutil.which(command, path=PATH)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    tried = ["unshare", "--mount", "--pid", "--net", "--fork", "mount", "-t", "tmpfs", "x", "/mnt"]
    ran = subprocess.run(tried, capture_output=True, text=True, env={**os.environ, "PATH": PATH})
    return f"no namespaces here: {ran.stderr.strip()}" if ran.returncode else ""


def _tree(cache: Path, packages: str) -> Path:
    """One Debian system, made once and kept."""
    tree = cache / f"tree-{hashlib.sha256(packages.encode()).hexdigest()[:12]}"
    with alone(cache / "tree.lock"):
        if not tree.exists():
            making = tree.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            try:
                said(
                    *("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root"),
                    *(f"--include={packages}", "--skip=cleanup/apt/lists"),
                    *("bookworm", str(making)),
                )
            except subprocess.CalledProcessError as failed:
                raise NoHosts(f"mmdebstrap: {failed.stderr.strip()[-300:]}") from failed
            _prepare(making)
            making.rename(tree)
    return tree


def _prepare(tree: Path) -> None:
    """What every host has: no start of services by apt, and a person who may use sudo."""
    (tree / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (tree / "usr/sbin/policy-rc.d").chmod(0o755)
    said("chroot", str(tree), "useradd", "-M", "-u", "1000", "-s", "/bin/bash", "ops")
    if (tree / "etc/sudoers.d").exists():
        (tree / "etc/sudoers.d/ops").write_text("ops ALL=(ALL) NOPASSWD: ALL\n")
    for key in (tree / "etc/ssh").glob("ssh_host_*"):
        key.unlink()


def _namespace(pid: int | str, kind: str) -> int:
    return Path(f"/proc/{pid}/ns/{kind}").stat().st_ino


def _until(true: Any, said: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            raise NoHosts(said())
        time.sleep(0.01)


def main(arguments: Sequence[str]) -> int:
    """Hosts for as long as a command runs; it finds LAB_KEY, LAB_SSH_CONFIG and LAB_HOSTS."""
    count, *command = arguments
    with lab() as found:
        hosts = found.add(int(count))
        environ = {
            "LAB_KEY": str(found.folder / "id"),
            "LAB_SSH_CONFIG": str(found.folder / "ssh_config"),
            "LAB_HOSTS": " ".join(host.address for host in hosts),
        }
        print(*(f"{name}={value}" for name, value in environ.items()), sep="\n", flush=True)
        return subprocess.call(command or ["sh"], env={**os.environ, **environ})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
