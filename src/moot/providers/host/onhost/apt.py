"""Packages of Debian and its kin."""

from __future__ import annotations

import os
import shutil

from .files import write
from .lean import contextmanager
from .programs import asked, run, said

DOWNLOADS = "/var/cache/apt/moot"
NO_SERVICES = "/usr/sbin/policy-rc.d"
SAYS_NO = """#!/bin/sh
# moot: what runs is the component's process, and no service of a package
exit 101
"""
OPTIONS = (
    "--yes",
    "--quiet",
    "--no-install-recommends",
    "-oDPkg::Lock::Timeout=600",
    "-oDpkg::Use-Pty=0",
    f"-oDir::Cache::archives={DOWNLOADS}",
    "-oDpkg::Options::=--force-confdef",
    "-oDpkg::Options::=--force-confold",
)
LONELY = ("-oAPT::AutoRemove::RecommendsImportant=0", "-oAPT::AutoRemove::SuggestsImportant=0")


class Apt:
    """apt-get and dpkg; `folder` is where dpkg keeps what it knows."""

    folder = "/var/lib/dpkg"

    @classmethod
    def rules(cls):
        """Whether it is what this machine is made with; some have several."""
        return os.path.exists(f"{cls.folder}/status")

    def versions(self):
        """By name, the version of everything that is installed."""
        shown = "${db:Status-Status} ${Package} ${Version}\n"
        lines = said("dpkg-query", "--show", f"--showformat={shown}").splitlines()
        found = [line.split(" ") for line in lines]
        return {name: version for status, name, version in found if status == "installed"}

    def install(self, items):
        """Install `NAME` or `NAME=VERSION`; once more with fresh lists where that fails."""
        argv = ["apt-get", *OPTIONS, "--allow-downgrades", "--no-remove", "install", *items]
        with _no_services(), _downloads():
            run("dpkg", "--configure", "-a")  # what a restart cut off
            if run(*argv) == 0:
                return 0
            run("apt-get", *OPTIONS, "update")
            code = run(*argv)
            if code:
                _tell_removals(argv)
            return code

    def release(self, names):
        """Nobody asked for these any more; they stay as long as others need them."""
        there = self.versions()
        run("apt-mark", "auto", *[name for name in names if name in there])

    def orphans(self):
        """What would go if all that nobody needs went."""
        argv = ("apt-get", "-c", "/dev/stdin", *LONELY, "--simulate", "autoremove")
        _, lines, _ = asked(*argv, text="#clear APT::NeverAutoRemove;\n")
        return [line.split()[1] for line in lines.splitlines() if line.startswith("Remv ")]

    def remove(self, names):
        """Remove these, configuration included."""
        with _no_services(), _downloads():
            run("dpkg", "--configure", "-a")
            return run("apt-get", *OPTIONS, "purge", *names)


def _tell_removals(argv):
    """What stands in the way of an installation, which must not remove what was there."""
    _, lines, _ = asked(*argv, "--simulate", "-oAPT::Get::Remove=true")
    gone = [line.split()[1] for line in lines.splitlines() if line.startswith("Remv ")]
    if gone:
        what = f"It would remove {', '.join(gone)}: remove that yourself, or"
        print(what, "run `moot down` first where it is a recipe's.", flush=True)


@contextmanager
def _downloads():
    """What is downloaded is of no use afterwards."""
    os.makedirs(f"{DOWNLOADS}/partial", exist_ok=True)
    try:
        yield
    finally:
        shutil.rmtree(DOWNLOADS, ignore_errors=True)


@contextmanager
def _no_services():
    """Keep packages from starting their services meanwhile, unless the machine has a say in it."""
    ours = not os.path.exists(NO_SERVICES)
    if ours:
        write(NO_SERVICES, SAYS_NO, 0o755)
    else:
        with open(NO_SERVICES, encoding="utf-8", errors="replace") as file:
            ours = file.read() == SAYS_NO  # left by one that was cut off
    try:
        yield
    finally:
        if ours:
            os.unlink(NO_SERVICES)
