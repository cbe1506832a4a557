"""What things are called at the Engine: readable, and the same name for the same thing for ever."""

from __future__ import annotations

import hashlib
import re

from moot.model.app import Network, Volume

HOST = "moot.internal"  # of the names that we give to images; no registry
_PATH = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_ESCAPE = "x--"
_LATER = re.compile(r"-r\d+$")  # what `container_name` adds to a later incarnation
OBJECT_NAME_MAX = 55  # Swarm allows 63 for a service; an incarnation follows


def container_name(base: str, incarnation: int) -> str:
    """`shop-web-0`, then `shop-web-0-r2`: an index never ends in a letter, so no two names meet."""
    return base if incarnation == 1 else f"{base}-r{incarnation}"


def gateway_name(app: str, number: int) -> str:
    """Base name of an App's gateway; the dot keeps it apart from any component's replica."""
    return f"{app}.gateway" if number == 1 else f"{app}.gateway{number}"


def network_name(app: str, network: Network) -> str:
    """As Compose names it, so that both find the same network."""
    return network.real_name or (network.name if network.external else f"{app}_{network.name}")


def volume_name(app: str, volume: Volume) -> str:
    """As Compose names it, so that both find the same data."""
    return volume.real_name or (volume.name if volume.external else f"{app}_{volume.name}")


def object_name(app: str, name: str) -> str:
    """Of a service, config or secret: Swarm takes few characters and at most 63 of them."""
    whole = f"{app}_{name}"
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", whole)
    split = "_" in app  # then `whole` does not say where the App's name ends
    if plain == whole and len(plain) <= OBJECT_NAME_MAX and not split and not _LATER.search(plain):
        return plain
    digest = hashlib.sha256((f"{app}/{name}" if split else whole).encode()).hexdigest()[:8]
    return f"{plain[: OBJECT_NAME_MAX - 9]}-{digest}"


def image_word(name: str) -> str:
    """`name` as one part of an image's name; `from_image_word` is the inverse."""
    if _PATH.fullmatch(name) and not name.startswith(_ESCAPE):
        return name
    return _ESCAPE + name.encode().hex()


def from_image_word(word: str) -> str:
    """The name behind a word that `image_word` made."""
    if word.startswith(_ESCAPE):
        return bytes.fromhex(word.removeprefix(_ESCAPE)).decode()
    return word
