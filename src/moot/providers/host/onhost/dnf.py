"""Packages of Fedora and its kin."""

from __future__ import annotations

import os

from .programs import installed_by_rpm, run, said

OPTIONS = (
    "--assumeyes",
    "--quiet",
    "--setopt=install_weak_deps=False",
    "--setopt=clean_requirements_on_remove=False",
)


class Dnf:
    """dnf and rpm; `folder` is where rpm keeps what it knows."""

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
        return run("dnf", *OPTIONS, "install", *[item.replace("=", "-", 1) for item in items])

    def release(self, names):
        """Nobody asked for these any more; they stay as long as others need them."""
        run("dnf", *OPTIONS, "mark", "remove", *names)

    def orphans(self):
        """What would go if all that nobody needs went."""
        shown = ("--unneeded", "--queryformat", "%{name}")
        return said("dnf", *OPTIONS, "repoquery", *shown).split()

    def remove(self, names):
        """Remove these and nothing else."""
        return run("dnf", *OPTIONS, "remove", *names)
