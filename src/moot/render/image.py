"""What of a saved image another engine lacks: the arithmetic of layers, and the shorter archive.

An engine knows a layer by its chain: its own content and all layers below it.  `docker load` does
not open the file of a layer whose chain it has, so an archive from `docker save` loads as well
without those files.  Tried with Docker 20.10; the files are named by the manifest, not by a rule,
so that older archives (`ID/layer.tar`) and newer ones (`blobs/sha256/...`) are read alike.

    packed = contents(file)  # of `docker save IMAGE >file`
    missing = missing_layers(packed.layers, present)  # RootFS.Layers of each image there
    for piece in filtered(file, packed, missing): ...  # into `docker load`
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

BLOCK_BYTES = 512  # an archive is made of these
CHUNK_BYTES = 1 << 18  # read at a time: no layer is ever held in memory
END = bytes(2 * BLOCK_BYTES)
LINKS_MAX = 16  # one after another; more are a circle

Chain = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive: where its header begins, and where what belongs to it ends."""

    path: str
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Packed:
    """A saved image.  `layers` are digests of contents, the lowest first; `files` says where."""

    layers: Chain
    files: tuple[str, ...]
    entries: tuple[Entry, ...]

    def kept(self, missing: frozenset[str]) -> tuple[Entry, ...]:
        """All but the layers that are not missing."""
        layer = dict(zip(self.files, self.layers, strict=True))
        return tuple(e for e in self.entries if layer.get(e.path) in {None, *missing})

    def length(self, missing: frozenset[str]) -> int:
        """How many bytes `filtered` will yield."""
        return sum(e.ends - e.begins for e in self.kept(missing)) + len(END)


class Unreadable(ValueError):
    """The archive is not one of a single saved image."""


def missing_layers(layers: Sequence[str], present: Iterable[Sequence[str]]) -> frozenset[str]:
    """The contents that have to travel, where `present` are the layers of every image there.

    The same content may stand in several places of an image and then has one file only: it
    travels as soon as one of its chains is not there.
    """
    chains = {tuple(known[: n + 1]) for known in present for n in range(len(known))}
    whole = tuple(layers)
    return frozenset(content for n, content in enumerate(whole) if whole[: n + 1] not in chains)


def contents(file: BinaryIO) -> Packed:
    """What a saved image in a seekable file consists of; its headers and manifest are read.

    Raises Unreadable for anything else.
    """
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            members = archive.getmembers()
            (image,) = _read(archive, "manifest.json")
            layers = tuple(map(str, _read(archive, str(image["Config"]))["rootfs"]["diff_ids"]))
            files = [_original(archive, str(path)) for path in image["Layers"]]
    except (tarfile.TarError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"this is not the archive of one image: {error}") from error
    if len(files) != len(layers):
        raise Unreadable("its manifest and its configuration name different numbers of layers")
    entries = tuple(Entry(m.name, m.offset, _end(m)) for m in members)
    return Packed(layers, tuple(files), entries)


def filtered(file: BinaryIO, packed: Packed, missing: frozenset[str]) -> Iterator[bytes]:
    """The archive without the layers that are not `missing`, a piece at a time."""
    for entry in packed.kept(missing):
        file.seek(entry.begins)
        left = entry.ends - entry.begins
        while left > 0:
            piece = file.read(min(left, CHUNK_BYTES))
            if not piece:
                raise Unreadable(f"the archive ends inside {entry.path}")
            left -= len(piece)
            yield piece
    yield END


def _read(archive: tarfile.TarFile, path: str) -> Any:
    content = archive.extractfile(path)
    if content is None:
        raise KeyError(path)
    return json.load(content)


def _original(archive: tarfile.TarFile, path: str) -> str:
    """The file itself where a layer is a link to an equal one."""
    for _ in range(LINKS_MAX):
        member = archive.getmember(path)
        if not member.issym():
            return path
        path = archive.getmember(_resolved(path, member.linkname)).name
    raise ValueError(f"{path} is a link that leads nowhere")


def _resolved(path: str, link: str) -> str:
    """Where a relative link inside the archive leads."""
    parts = path.split("/")[:-1]
    for part in link.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _end(member: tarfile.TarInfo) -> int:
    size = member.size if member.isreg() else 0
    return member.offset_data + -(-size // BLOCK_BYTES) * BLOCK_BYTES
