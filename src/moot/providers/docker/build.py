"""Images built from a folder: what travels to the Engine, its digest, and the build itself."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moot.provider import ProviderError
from moot.providers.docker.client import CONNECT_TIMEOUT_S, Engine
from moot.providers.docker.jobs import Report

INLINE = ".moot.Dockerfile"
CHUNK_BYTES = 1 << 20
STEP = re.compile(r"^Step (\d+/\d+) : (.*)")
LAST_LINES = 8


@dataclass(frozen=True, slots=True)
class Context:
    """A folder to build from.  `dockerfile` is its name there and, where it is not, its text."""

    folder: Path
    dockerfile: tuple[str, str | None]
    ignored: tuple[str, ...]

    @classmethod
    def of(cls, build: Mapping[str, Any]) -> Context | None:
        """The context of a build section, None where the Engine fetches it itself.

        Raises InvalidRequest where the folder or the Dockerfile is missing here.
        """
        context = str(build["context"])
        if "://" in context or context.startswith(("git@", "github.com/")):
            return None
        folder = Path(context)
        if not folder.is_dir():
            raise ProviderError(
                "InvalidRequest",
                f"the build context {context} is not a folder on this machine",
                remedy="correct build.context, or run moot where the folder is",
            )
        dockerfile = _dockerfile(folder, build)
        return cls(folder, dockerfile, _ignored(folder, str(build.get("dockerfile") or "")))

    def paths(self) -> list[str]:
        """What travels, `.dockerignore` honoured."""
        from docker.utils.build import exclude_paths

        patterns = list(self.ignored)  # exclude_paths adds to the list it is given
        found: Iterable[str] = exclude_paths(str(self.folder), patterns, self.dockerfile[0])
        return sorted(found)

    def digest(self) -> str:
        """Of names, kinds, modes and contents; times do not count, as in the Engine's own cache."""
        digest = hashlib.sha256(json.dumps(self.dockerfile).encode())
        for name in self.paths():
            path = self.folder / name
            digest.update(f"\0{name}\0".encode(errors="surrogateescape"))
            if path.is_symlink():
                digest.update(b"link" + str(path.readlink()).encode())
            elif path.is_file():
                digest.update(oct(path.stat().st_mode).encode())
                with path.open("rb") as content:
                    while chunk := content.read(CHUNK_BYTES):
                        digest.update(chunk)
        return digest.hexdigest()

    def pack(self, into: Any) -> None:
        """Write it to an open file as a tar, and go back to its beginning."""
        from docker.utils.build import tar

        tar(self.folder, list(self.ignored), self.dockerfile, into)


def built(
    engine: Engine, build: Mapping[str, Any], reference: str, platform: str, report: Report
) -> str:
    """Build with the Engine's own builder and give the image's id.

    Raises GeneralServiceException with the last lines of the build where a step fails.
    """
    context = Context.of(build)
    parameters = _parameters(build, reference, platform, context)
    with tempfile.TemporaryFile() as packed:
        if context:
            report("packing the build context")
            context.pack(packed)
        identifier = engine.call(
            f"build {reference}", lambda c: _run(c, parameters, packed if context else None, report)
        )
    repository_tags = [str(tag) for tag in build.get("tags") or ()]
    for tag in repository_tags:
        repository, _, version = tag.partition(":")
        engine.call(f"image tag {tag}", lambda c, r=repository, v=version: c.tag(identifier, r, v))
    return identifier


def _dockerfile(folder: Path, build: Mapping[str, Any]) -> tuple[str, str | None]:
    """Its name in the context; with its text where it has to be added to it."""
    if build.get("dockerfile_inline"):
        return INLINE, str(build["dockerfile_inline"])
    path = folder / str(build.get("dockerfile") or "Dockerfile")
    if not path.is_file():
        raise ProviderError(
            "InvalidRequest",
            f"there is no Dockerfile {path}",
            remedy="correct build.dockerfile, or write one",
        )
    if path.resolve().is_relative_to(folder.resolve()):
        return str(path.resolve().relative_to(folder.resolve())), None
    return INLINE, path.read_text()


def _run(client: Any, parameters: Mapping[str, Any], packed: Any, report: Report) -> str:
    headers = {"Content-Type": "application/x-tar"} if packed else {}
    client._set_auth_headers(headers)
    response = client.post(
        f"{client.base_url}/v{client.api_version}/build",
        data=packed,
        params=parameters,
        headers=headers,
        stream=True,
        timeout=(CONNECT_TIMEOUT_S, None),
    )
    with contextlib.closing(response):
        return _watched(client._stream_helper(response, decode=True), report)


def _watched(events: Iterable[Mapping[str, Any]], report: Report) -> str:
    """The id of the image that a build's events end with."""
    identifier, lines = "", list[str]()
    for event in events:
        if "error" in event:
            lines.append(str(event["error"]))
            raise ProviderError(
                "GeneralServiceException", "the build failed:\n" + "\n".join(lines[-LAST_LINES:])
            )
        identifier = (event.get("aux") or {}).get("ID") or identifier
        for line in str(event.get("stream") or "").splitlines():
            if line.strip():
                lines.append(line)
            if step := STEP.match(line):
                report(f"building, step {step[1]}: {step[2][:60]}")
    if not identifier:
        raise ProviderError("ServiceInternalError", "the build ended without an image")
    return identifier


def _parameters(
    build: Mapping[str, Any], reference: str, platform: str, context: Context | None
) -> dict[str, Any]:
    platforms = build.get("platforms") or ()
    found: dict[str, Any] = {
        "t": reference,
        "rm": True,
        "forcerm": True,
        "nocache": bool(build.get("no_cache")),
        "pull": bool(build.get("pull")),
        "dockerfile": context.dockerfile[0] if context else build.get("dockerfile"),
        "remote": None if context else build["context"],
        "target": build.get("target"),
        "networkmode": build.get("network"),
        "platform": platform or (platforms[0] if platforms else None),
        "shmsize": int(build["shm_size"]) if build.get("shm_size") else None,
        "extrahosts": _hosts(build.get("extra_hosts") or {}),
        "buildargs": _json(build.get("args")),
        "labels": _json(build.get("labels")),
        "cachefrom": _json(build.get("cache_from")),
        "ulimits": _json(_ulimits(build.get("ulimits") or {})),
    }
    return {key: value for key, value in found.items() if value not in (None, "")}


def _json(value: Any) -> str | None:
    return json.dumps(value) if value else None


def _hosts(hosts: Any) -> str:
    pairs = hosts.items() if isinstance(hosts, Mapping) else (h.split(":", 1) for h in hosts)
    return ",".join(f"{name}:{address}" for name, address in pairs)


def _ulimits(ulimits: Mapping[str, Any]) -> list[Any]:
    return [{"Name": n, "Soft": one["soft"], "Hard": one["hard"]} for n, one in ulimits.items()]


def _ignored(folder: Path, dockerfile: str) -> tuple[str, ...]:
    """Patterns of the Dockerfile's own ignore file, else of the folder's."""
    for path in (folder / f"{dockerfile}.dockerignore", folder / ".dockerignore"):
        if path.is_file():
            lines = (line.strip() for line in path.read_text().splitlines())
            return tuple(line for line in lines if line and not line.startswith("#"))
    return ()
