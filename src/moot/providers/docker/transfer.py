"""An image from one Engine to another without a registry: only the layers that are missing."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from moot.provider import ProviderError
from moot.providers.docker.client import READ_TIMEOUT_S, Engine
from moot.providers.docker.depot import Copy, Depot
from moot.providers.docker.jobs import Report
from moot.render.image import missing_layers

INSPECTORS = 8  # requests at a time while the Engine is asked what it has
LOADED = re.compile(r"Loaded image(?: ID)?: (\S+)")
MIB = 1 << 20


class Layers:
    """What one Engine has of layers.  Images never change, so each is asked about once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, tuple[str, ...]] = {}

    def present(self) -> list[tuple[str, ...]]:
        """The layers of every image that is there now."""
        images = self._engine.call("image ls", lambda c: c.images())
        ids = {str(image["Id"]) for image in images}
        with ThreadPoolExecutor(INSPECTORS) as pool:
            found = pool.map(self._ask, ids - self._known.keys())
            self._known.update(pair for pair in found if pair[1])
        return [layers for identifier, layers in self._known.items() if identifier in ids]

    def _ask(self, identifier: str) -> tuple[str, tuple[str, ...]]:
        try:
            image = self._engine.call(
                f"image inspect {identifier[:19]}", lambda c: c.inspect_image(identifier)
            )
        except ProviderError as error:
            if error.code != "NotFound":  # else it was removed since the listing
                raise
            return identifier, ()
        return identifier, tuple((image.get("RootFS") or {}).get("Layers") or ())


def sent(
    depot: Depot, engine: Engine, layers: Layers, image: Mapping[str, Any], report: Report
) -> str:
    """The id at `engine` of an image of the depot's, once all of it is there."""
    identifier = str(image["Id"])
    with depot.saved(identifier, report) as copy:
        missing = missing_layers(copy.packed.layers, layers.present())
        try:
            return _loaded(engine, copy, missing, report) or identifier
        except ProviderError as error:
            everything = frozenset(copy.packed.layers)
            if error.retryable or missing == everything:
                raise
        # A layer that was there has gone meanwhile, or this Engine opens files it need not.
        return _loaded(engine, copy, everything, report) or identifier


def _loaded(engine: Engine, copy: Copy, missing: frozenset[str], report: Report) -> str:
    """Load the archive without what is there already; gives the id the Engine says, "" if none."""
    length, whole = copy.packed.length(missing), copy.packed.length(frozenset(copy.packed.layers))
    line = f"image load, {len(missing)} layers, {length / MIB:.1f} of {whole / MIB:.1f} MiB"

    def load(client: Any) -> str:
        response = client.post(
            f"{client.base_url}/v{client.api_version}/images/load",
            data=_counted(copy.pieces(missing), length, report),
            params={"quiet": 1},
            stream=True,
            timeout=(READ_TIMEOUT_S, None),  # the first one counts for every piece sent
        )
        with contextlib.closing(response):
            client._raise_for_status(response)
            return _said(response.iter_lines())

    return engine.call(line, load)


def _counted(pieces: Iterator[bytes], length: int, report: Report) -> Iterator[bytes]:
    done = 0
    for piece in pieces:
        yield piece
        done += len(piece)
        report(f"sending the image, {100 * done // length} % of {length / MIB:.1f} MiB")
    report("the image is being loaded")


def _said(lines: Iterator[bytes]) -> str:
    """The id of what was loaded; raises what the Engine says went wrong."""
    identifier = ""
    for line in lines:
        event = json.loads(line) if line.strip() else {}
        if "error" in event:
            full = "no space left" in event["error"]
            raise ProviderError(
                "ServiceLimitExceeded" if full else "GeneralServiceException",
                f"the image could not be loaded: {event['error']}",
                remedy="make room on the Engine's disk: docker system df" if full else "",
            )
        if loaded := LOADED.search(str(event.get("stream") or "")):
            identifier = loaded[1]
    return identifier if identifier.startswith("sha256:") else ""
