"""Gives a machine that was booted by systemd to tests: a Debian system in a container, with sshd.

The Engine is only how it is run: what is inside is a whole system, reached over SSH, with units,
a journal, and reboots.  cloud-init is installed and does nothing unless the machine gets user-data.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGES = (
    "systemd-sysv,dbus,openssh-server,iproute2,procps,python3-minimal,ca-certificates,haproxy,sudo,"
    "cloud-init,ignition"
)
BOOT_S = 90
SEED = "/var/lib/cloud/seed/nocloud"


class NoSystemd(Exception):
    """No such machine can be booted here; says why."""


class Machine:
    """One machine.  Its disk stays over `reboot` and `crash`, its memory does not."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder

    @property
    def address(self) -> str:
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return _docker("inspect", "--format", template, self.name).strip()

    def venue(self, **more: Any) -> dict[str, Any]:
        """What a venue says to reach it as root."""
        return {
            "host": self.address,
            "user": "root",
            "identity_file": str(self.folder / "id"),
            "ssh_config": str(self.folder / "ssh_config"),
            **more,
        }

    def run(self, *argv: str, check: bool = True) -> str:
        """What a command there says, without SSH."""
        return _docker("exec", self.name, *argv, check=check)

    def reboot(self) -> None:
        """Down in order, and up again."""
        _docker("stop", "--time", "60", self.name)
        self.boot()

    def crash(self) -> None:
        """Pull the plug, and up again."""
        _docker("kill", self.name)
        self.boot()

    def boot(self) -> None:
        """Switch it on; it has booted and answers when this returns."""
        _docker("start", self.name)
        until = time.monotonic() + BOOT_S
        while time.monotonic() < until:
            said = self.run("systemctl", "is-system-running", check=False).strip()
            if said in {"running", "degraded"} and _answers(self.address):
                return
            time.sleep(0.1)
        raise NoSystemd(f"it does not come up: {said or _docker('logs', self.name)[-500:]}")


@contextlib.contextmanager
def machine(user_data: str = "") -> Iterator[Machine]:
    """A machine that has booted; raises NoSystemd with the reason where there can be none.

    With `user_data` cloud-init has gone by it.
    """
    image = _image()
    name = f"moot-systemd-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="moot-systemd-") as folder:
        found = Machine(name, Path(folder))
        _furnish(found, image, user_data)
        try:
            found.boot()
            yield found
        finally:
            _docker("rm", "--force", "--volumes", name, check=False)


def _furnish(found: Machine, image: str, user_data: str) -> None:
    """The container, not started, with a key that lets us in."""
    key, settings = found.folder / "id", found.folder / "ssh_config"
    _said("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    settings.write_text(
        "Host *\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n"
        "  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n"
    )
    mounts = [word for place in ("/run", "/run/lock", "/tmp") for word in ("--tmpfs", place)]
    _docker(
        *("create", "--name", found.name, "--hostname", found.name, "--env", "container=docker"),
        *("--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined"),
        *("--stop-signal", "RTMIN+3", *mounts, *_cgroups(), image, "/sbin/init"),
    )
    disk = found.folder / "disk"
    texts = {"etc/machine-id": f"{uuid.uuid4().hex}\n"}
    if user_data:
        texts[f"{SEED[1:]}/user-data"] = user_data
        texts[f"{SEED[1:]}/meta-data"] = f"instance-id: {found.name}\n"
    else:
        texts["etc/cloud/cloud-init.disabled"] = ""
        texts["root/.ssh/authorized_keys"] = key.with_suffix(".pub").read_text()
    for name, text in texts.items():
        (disk / name).parent.mkdir(parents=True, exist_ok=True)
        (disk / name).write_text(text)
    if not user_data:
        (disk / "root/.ssh").chmod(0o700)
    _docker("cp", f"{disk}/.", f"{found.name}:/")


def _cgroups() -> list[str]:
    """What systemd wants to write to: its own hierarchy of version 1, else the only one."""
    if Path("/sys/fs/cgroup/systemd").is_dir():
        return ["--volume", "/sys/fs/cgroup/systemd:/sys/fs/cgroup/systemd"]
    return ["--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"]


def _image() -> str:
    """The id of the image; the tree it is made from is made once and kept."""
    if not shutil.which("mmdebstrap"):
        raise NoSystemd("mmdebstrap is not installed")
    digest = hashlib.sha256(PACKAGES.encode()).hexdigest()[:12]
    image = f"moot-tests/systemd:{digest}"
    if _docker("images", "--quiet", image).strip():
        return image
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moot-tests"
    tree = cache / f"systemd-{digest}.tar"
    if not tree.exists():
        cache.mkdir(parents=True, exist_ok=True)
        making = tree.with_suffix(f".{os.getpid()}")
        try:
            _said(
                *("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", "--format=tar"),
                *(f"--include={PACKAGES}", "bookworm", str(making)),
            )
        except subprocess.CalledProcessError as failed:
            raise NoSystemd(f"mmdebstrap: {failed.stderr.strip()[-300:]}") from failed
        making.rename(tree)
    _docker("import", str(tree), image)
    return image


def _answers(address: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, 22), 0.2):
        return True
    return False


def _docker(*words: str, check: bool = True) -> str:
    return _said("docker", *words, check=check)


def _said(*argv: str, check: bool = True) -> str:
    ran = subprocess.run(argv, capture_output=True, text=True, check=False)
    if check and ran.returncode:
        raise subprocess.CalledProcessError(ran.returncode, argv, ran.stdout, ran.stderr)
    return ran.stdout
