"""Gives a host a package archive of its own, so that packages come and go without a network."""

from __future__ import annotations

import hashlib
from typing import Any

SOURCE = "deb [trusted=yes] file:/srv/archive ./\n"


def archive(host: Any, packages: dict[str, str], conflicts: dict[str, str] | None = None) -> None:
    """Make the archive all that apt knows; `packages` are names and what each depends on."""
    folder = host.root / "srv/archive"
    folder.mkdir(parents=True)
    index = ""
    for name, depends in packages.items():
        tree = host.root / f"srv/build/{name}"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "etc").mkdir()
        (tree / f"etc/{name}.conf").write_text("as it comes\n")
        (tree / "DEBIAN/conffiles").write_text(f"/etc/{name}.conf\n")
        control = f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <n@o>\n"
        control += f"Depends: {depends}\n" if depends else ""
        rival = (conflicts or {}).get(name)
        control += f"Conflicts: {rival}\n" if rival else ""
        control += "Description: nothing\n"
        (tree / "DEBIAN/control").write_text(control)
        host.run("dpkg-deb", "--root-owner-group", "--build", f"/srv/build/{name}", "/srv/archive")
        (made,) = folder.glob(f"{name}_*.deb")
        content = made.read_bytes()
        index += f"{control}Filename: ./{made.name}\nSize: {len(content)}\n"
        index += f"SHA256: {hashlib.sha256(content).hexdigest()}\n\n"
    (folder / "Packages").write_text(index)
    for old in (host.root / "etc/apt").glob("sources.list*"):
        host.run("rm", "-r", f"/etc/apt/{old.name}")
    (host.root / "etc/apt/sources.list").write_text(SOURCE)
    host.run("apt-get", "--quiet", "update")
