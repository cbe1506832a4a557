"""The gateway's image: the user's own, or made of this machine's HAProxy without any registry."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from moot.provider import ProviderError
from moot.providers.docker.client import Engine

REPOSITORY = "moot.internal/gateway"
PROGRAMS = ("haproxy", "bash", "cat", "mv")  # the last three carry the control channel
SEARCHED = ("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/bin")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
COMMAND = ("haproxy", "-W", "-db", "-f", "/etc/moot/haproxy.cfg")


def ensure(engine: Engine) -> str:
    """Name of the image made here, which is made once per content.

    Raises InvalidRequest where this machine lacks HAProxy or is of another kind than the Engine's.
    """
    _require_same_machine(engine)
    files = _files()
    name = f"{REPOSITORY}:{_digest(files)}"
    repository, _, tag = name.partition(":")
    if not engine.call("image ls", lambda c: c.images(name=name)):
        changes = ["LABEL moot.gateway=1", f"CMD [{', '.join(map(_quoted, COMMAND))}]"]
        engine.call(
            f"image import {name}",
            lambda c: c.import_image_from_data(_tar(files), repository, tag, changes),
        )
    return name


def check(engine: Engine) -> None:
    """Raise as `ensure` would, without making anything."""
    _require_same_machine(engine)
    _files()


def _require_same_machine(engine: Engine) -> None:
    version = engine.call("version", lambda c: c.version())
    here = (platform.system().lower(), MACHINES.get(platform.machine(), platform.machine()))
    if (version["Os"], version["Arch"]) != here:
        raise ProviderError(
            "InvalidRequest",
            f"this machine is {'/'.join(here)} and its HAProxy cannot run on the Engine, which is "
            f"{version['Os']}/{version['Arch']}",
            remedy="name an image with HAProxy as 'gateway_image' of the venue",
        )


def _files() -> dict[str, Path]:
    """Every file of the image by its path there: the programs and the libraries they load."""
    found: dict[str, Path] = {}
    for program in PROGRAMS:
        path = shutil.which(program, path=os.pathsep.join(SEARCHED))
        if path is None:
            raise ProviderError(
                "InvalidRequest",
                f"the gateway needs {program}, which is not installed here",
                remedy=f"apt-get install {program}, or name an image with HAProxy as "
                "'gateway_image' of the venue",
            )
        found[f"usr/bin/{program}"] = Path(path)
        found.update({library.lstrip("/"): Path(library) for library in _libraries(path)})
    return found


def _libraries(program: str) -> Iterable[str]:
    argv = ["ldd", program]
    ran = subprocess.run(argv, capture_output=True, text=True)  # noqa: S603 - our own words
    return re.findall(r"(?:=>\s+|^\s+)(/\S+)\s+\(", ran.stdout, re.MULTILINE)


def _digest(files: dict[str, Path]) -> str:
    digest = hashlib.sha256(repr(COMMAND).encode())
    for name, path in sorted(files.items()):
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _tar(files: dict[str, Path]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, target in (("bin", "usr/bin"), ("usr/bin/sh", "bash")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        for name, content in (
            ("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n"),
            ("etc/group", b"root:x:0:\n"),
            ("etc/moot/haproxy.cfg", b""),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
        for name, path in sorted(files.items()):
            content = path.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _quoted(word: str) -> str:
    return f'"{word}"'
