"""Packages of openSUSE and its kin."""

from __future__ import annotations

import os

from .files import write
from .programs import installed_by_rpm, run, said

AUTOMATIC = "/var/lib/zypp/AutoInstalled"  # what came along, one name in a line


class Zypper:
    """zypper and rpm; `folder` is where rpm keeps what it knows."""

    folder = "/var/lib/rpm"

    @classmethod
    def rules(cls):
        """Whether it is what this machine is made with; some have several."""
        return os.path.isdir(cls.folder)

    def versions(self):
        """By name, version and release of everything that is installed."""
        return installed_by_rpm()

    def install(self, items):
        """Install `NAME` or `NAME=VERSION-RELEASE`."""
        options = ("--no-recommends", "--auto-agree-with-licenses", "--oldpackage")
        return run("zypper", "--non-interactive", "install", *options, *items)

    def release(self, names):
        """Nobody asked for these any more; they stay as long as others need them."""
        try:
            with open(AUTOMATIC, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            lines = []
        lines += [name for name in names if name not in lines]
        os.makedirs(os.path.dirname(AUTOMATIC), exist_ok=True)
        write(AUTOMATIC, "".join(f"{line}\n" for line in lines), 0o644)

    def orphans(self):
        """What would go if all that nobody needs went."""
        table = said("zypper", "--non-interactive", "--quiet", "packages", "--unneeded")
        rows = [line.split("|") for line in table.splitlines()]
        return [row[2].strip() for row in rows if len(row) > 2 and row[0].strip().startswith("i")]

    def remove(self, names):
        """Remove these and nothing else."""
        return run("zypper", "--non-interactive", "remove", "--no-clean-deps", *names)
