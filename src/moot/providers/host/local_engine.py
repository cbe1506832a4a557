"""The container engine beside us, by its command line: what is built or present here travels."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from moot.provider import ProviderError

NAMES = ("docker", "podman")
SAID = 2000  # characters of what a failed build wrote

_BUILDING = threading.Lock()  # machines that want the same image wait for the first one's build


class LocalEngine:
    """Docker or Podman on this machine, as the user's own command line reaches it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)

    @property
    def _path(self) -> str | None:
        """Looked for when it is needed: many machines never want an image of ours."""
        paths = (shutil.which(name, path=self._environ.get("PATH")) for name in NAMES)
        return next((path for path in paths if path), None)

    def identifier(self, reference: str) -> str:
        """The id of an image; "" where there is none, or no engine."""
        if self._path is None:
            return ""
        ran = self._ran("image", "inspect", "--format", "{{.Id}}", reference)
        return ran.stdout.decode().strip() if ran.returncode == 0 else ""

    def build(self, how: Mapping[str, Any], reference: str, platform: str) -> str:
        """Build it; the id."""
        if self._path is None:
            raise ProviderError(
                "InvalidRequest",
                f"{reference} is to be built, and there is no container engine here",
                remedy="apt-get install docker.io, or name an image that can be pulled",
            )
        context = str(how.get("context") or ".")
        with tempfile.NamedTemporaryFile("w", suffix=".Dockerfile") as inline, _BUILDING:
            inline.write(str(how.get("dockerfile_inline") or ""))
            inline.flush()
            words = _build_words(how, reference, platform, context, inline.name)
            ran = self._ran("build", *words, context)
        if ran.returncode:
            said = (ran.stdout + ran.stderr).decode(errors="replace").strip()[-SAID:]
            raise ProviderError("GeneralServiceException", f"the build failed:\n{said}")
        return self.identifier(reference)

    @contextmanager
    def saved(self, reference: str) -> Iterator[BinaryIO]:
        """The image as an archive in a file without a name."""
        assert self._path
        with tempfile.TemporaryFile() as file:
            argv = [self._path, "save", reference]
            ran = subprocess.run(  # noqa: S603  (the user's own engine)
                argv, stdout=file, stderr=subprocess.PIPE, env=self._environ, check=False
            )
            if ran.returncode:
                said = ran.stderr.decode(errors="replace").strip()
                raise ProviderError("GeneralServiceException", f"{reference}: {said}")
            yield cast(BinaryIO, file)  # what a named one is called, too

    def _ran(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        assert self._path
        return subprocess.run(  # noqa: S603  (the user's own engine)
            [self._path, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self._environ,
            check=False,
            process_group=0,  # Ctrl-C is for us, who let what is in flight finish
        )


def digest(how: Mapping[str, Any]) -> str:
    """Changes with any file of the build context and with how it is built; "" where it is not here.

    Files are told apart by size and time, as reading all of them at every look would take long.
    """
    folder = Path(str(how.get("context") or "."))
    if not folder.is_dir():
        return ""
    told = hashlib.sha256(json.dumps(dict(how), sort_keys=True, default=str).encode())
    for path in sorted(p for p in folder.rglob("*") if ".git" not in p.parts):
        seen = path.lstat()
        told.update(f"{path} {seen.st_mode} {seen.st_size} {seen.st_mtime_ns}\n".encode())
    return told.hexdigest()[:24]


def _build_words(
    how: Mapping[str, Any], reference: str, platform: str, context: str, inline: str
) -> list[str]:
    file = inline if how.get("dockerfile_inline") else how.get("dockerfile")
    if file and not Path(str(file)).is_absolute():
        file = f"{context}/{file}"
    said = {
        "--file": file,
        "--target": how.get("target"),
        "--network": how.get("network"),
        "--platform": platform,
        "--shm-size": how.get("shm_size"),
    }
    words = ["--tag", reference]
    words += [word for flag, value in said.items() if value for word in (flag, str(value))]
    words += ["--no-cache"] if how.get("no_cache") else []
    words += ["--pull"] if how.get("pull") else []
    for key, flag in (("args", "--build-arg"), ("labels", "--label")):
        for name, value in (how.get(key) or {}).items():
            words += [flag, name if value is None else f"{name}={value}"]
    return words
