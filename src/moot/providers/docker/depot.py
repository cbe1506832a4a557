"""The Engine that images come from where another one lacks them, and what it has saved of them."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from moot.model.value import JSON
from moot.provider import Env, ProviderError
from moot.providers.docker.client import CONNECT_TIMEOUT_S, Engine
from moot.providers.docker.endpoint import endpoint
from moot.providers.docker.jobs import Report
from moot.providers.docker.names import HOST
from moot.render.image import Packed, Unreadable, contents, filtered

REGISTRY = "registry"  # as `images: {from: registry}`: nothing comes from another Engine
CHUNK_BYTES = 1 << 20

# One for each Engine: venues that lack the same image at the same time have it saved once.
_DEPOTS: dict[tuple[str, Path], Depot] = {}
_DEPOTS_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Copy:
    """A saved image in a file without a name, which is gone however this process ends."""

    file: IO[bytes]
    packed: Packed

    def pieces(self, missing: frozenset[str]) -> Iterator[bytes]:
        """The archive without the layers that are not missing; several may read at a time."""
        with io.BufferedReader(_Positioned(self.file.fileno())) as reader:
            yield from filtered(reader, self.packed, missing)


@dataclass
class _Shelf:
    """The place of one copy, and how many want it."""

    copy: Copy | None = None
    users: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Depot:
    """An Engine that other Engines get images from.  Safe from several threads at once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.building: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.made: set[tuple[str, str]] = set()  # references and ids that builds of ours brought
        self._shelves: dict[str, _Shelf] = {}
        self._lock = threading.Lock()

    def image(self, name: str) -> Mapping[str, Any] | None:
        """What it says of an image, None where it has none of that name."""
        try:
            return self.engine.call(f"image inspect {name[:60]}", lambda c: c.inspect_image(name))
        except ProviderError as error:
            if error.code == "NotFound":
                return None
            raise

    @contextlib.contextmanager
    def saved(self, identifier: str, report: Report) -> Iterator[Copy]:
        """The image in a file, for as long as somebody needs it; the first to come writes it."""
        with self._lock:
            shelf = self._shelves.setdefault(identifier, _Shelf())
            shelf.users += 1
        try:
            with shelf.lock:
                shelf.copy = copy = shelf.copy or self._save(identifier, report)
            yield copy
        finally:
            with self._lock:
                shelf.users -= 1
                if not shelf.users:
                    del self._shelves[identifier]
                    if shelf.copy:
                        shelf.copy.file.close()

    def untag(self, reference: str, identifier: str) -> None:
        """Take a name from what was built here for others, unless it is another image's by now."""
        with contextlib.suppress(ProviderError):  # it is in use, or nobody answers: then it stays
            found = self.image(reference)
            if found is None or found["Id"] != identifier or _is_used(found):
                return
            self.engine.call(
                f"image rm {reference}", lambda c: c.remove_image(reference, noprune=True)
            )

    def _save(self, identifier: str, report: Report) -> Copy:
        """Raises what the Engine raises; the next to come begins again."""

        def save(client: Any) -> None:
            response = client.get(
                f"{client.base_url}/v{client.api_version}/images/{identifier}/get",
                stream=True,
                timeout=(CONNECT_TIMEOUT_S, None),
            )
            with contextlib.closing(response):
                client._raise_for_status(response)
                for piece in response.iter_content(CHUNK_BYTES):
                    with _saving(folder):
                        file.write(piece)
                    report(f"saving the image, {file.tell() >> 20} MiB")

        folder = self.engine.env.home / "docker"
        report("saving the image")
        with _saving(folder):
            folder.mkdir(parents=True, exist_ok=True)
            file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by the last user
        try:
            self.engine.call(f"image save {identifier[:19]}", save)
            with _saving(folder):
                file.flush()
                return Copy(file, contents(file))
        except ProviderError:
            with contextlib.suppress(OSError):  # the rest of it cannot be written either
                file.close()
            raise


def depot(images: Mapping[str, JSON], env: Env) -> Depot | None:
    """The depot that a venue's `images` settings name, or else the Engine of this user.

    None where images come from registries only.  Asks nothing of the Engine.
    """
    named = str(images.get("from") or "")
    if named == REGISTRY:
        return None
    configuration: dict[str, JSON] = {"host": named, "tls": images.get("tls")} if named else {}
    key = endpoint(configuration, env.environ).url, env.home
    with _DEPOTS_LOCK:
        if key not in _DEPOTS:
            _DEPOTS[key] = Depot(Engine("the source of images", configuration, env))
        return _DEPOTS[key]


class _Positioned(io.RawIOBase):
    """A file read at a position of our own, whoever else reads it."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        match whence:
            case os.SEEK_SET:
                self._at = offset
            case os.SEEK_CUR:
                self._at += offset
            case _:
                self._at = os.fstat(self._number).st_size + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        piece = os.pread(self._number, len(buffer), self._at)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _is_used(image: Mapping[str, Any]) -> bool:
    """Whether something of ours at this very Engine runs from it as well."""
    return any(tag.startswith(f"{HOST}/") for tag in image.get("RepoTags") or ())


@contextlib.contextmanager
def _saving(folder: Path) -> Iterator[None]:
    """Says what a file of ours in that folder failed for: the Engine has no part in it."""
    try:
        yield
    except Unreadable as error:
        raise ProviderError(
            "GeneralServiceException", f"the image cannot be sent: {error}"
        ) from error
    except OSError as error:
        raise ProviderError(
            "ServiceLimitExceeded",
            f"the image cannot be saved in {folder}: {error.strerror}",
            remedy="make room there, or let the Engine pull it: `images: {from: registry}`",
        ) from error
