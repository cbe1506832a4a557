"""How an Engine comes by an image: it has it, gets it from the depot, builds it, or pulls it."""

from __future__ import annotations

import contextlib
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from moot.model.resource import Resource
from moot.model.units import seconds
from moot.model.value import JSON
from moot.provider import ProviderError
from moot.providers.docker.build import built
from moot.providers.docker.client import Engine
from moot.providers.docker.depot import REGISTRY, Depot, depot
from moot.providers.docker.jobs import Report
from moot.providers.docker.pull import pulled
from moot.providers.docker.transfer import Layers, sent

SILENT_S = 60.0  # so long a node that did not answer is left alone
PERIODS = {"daily": "24h", "weekly": "168h"}


class Supply:
    """Images for one Engine.  What takes long is done in the caller's thread."""

    def __init__(
        self, engine: Engine, settings: Mapping[str, JSON], others: Sequence[Engine] = ()
    ) -> None:
        """`others` are Engines that need what no registry has as well: further nodes of a swarm."""
        self._engine = engine
        self._others = [Supply(other, {"from": REGISTRY}) for other in others]
        self._settings = settings
        self._layers = Layers(engine)
        self._own = Depot(engine)
        self._silent_until = 0.0
        self._lock = threading.Lock()
        self._found: list[Depot | None] = []
        self._sent: dict[str, str] = {}
        self._sending: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def get(self, want: Resource, report: Report) -> str:
        """The image's id, after whatever its policy asks for."""
        identifier = self._got(want, report)
        reference = str(want.properties["reference"])
        if self._others and (image := self.inspect(identifier)) and _is_only_here(image):
            for other, _ in self._answering(identifier):
                other._sent_from(self._own, image, reference, report)
        return identifier

    def is_everywhere(self, identifier: str) -> bool:
        """Whether every other node that answers has it, where nodes cannot pull it themselves."""
        image = self.inspect(identifier) if self._others else None
        if image is None or not _is_only_here(image):
            return True
        return all(has_it for _, has_it in self._answering(identifier))

    def is_due(self, policy: str, image: Mapping[str, Any]) -> bool:
        """Whether `daily`, `weekly` or `every_12h` ask for another pull by now."""
        period = PERIODS.get(policy, policy.removeprefix("every_") if "every_" in policy else "")
        tagged = str((image.get("Metadata") or {}).get("LastTagTime") or "")
        if not period or not tagged or tagged.startswith("0001"):
            return False
        then = datetime.fromisoformat(re.sub(r"\.\d+", "", tagged)).timestamp()
        return self._engine.env.now() - then > _seconds(period)

    def origin(self, identifier: str) -> str:
        """The depot's id of an image it sent since this object was made, "" for any other."""
        return self._sent.get(identifier, "")

    def has_made(self, reference: str, identifier: str) -> bool:
        """Whether a build of ours brought that image since, which was not there under that name.

        `identifier` is the one it has where it was built.
        """
        return (reference, identifier) in (self.source() or self._own).made

    def has_moved(self, reference: str, origin: str) -> bool:
        """Whether the depot has another image of that name by now than the one it sent."""
        try:
            source = self.source()
            theirs = source.image(reference) if source else None
        except ProviderError:  # what is there stays as it is while the depot cannot be asked
            return False
        return theirs is not None and theirs["Id"] != origin

    def forget(self, reference: str, identifier: str, origin: str) -> None:
        """Take the name away that a build for this Engine left in the depot and on other nodes."""
        for other in self._others:
            other._own.untag(reference, identifier)
        with contextlib.suppress(ProviderError):  # one that does not answer keeps the name
            source = self.source()
            (source or self._own).made.discard((reference, origin or identifier))
            if source and origin:
                source.untag(reference, origin)

    def source(self) -> Depot | None:
        """The depot, where it is another Engine of the same kind.

        The user's own Engine need not be there, one that the venue names must answer.
        """
        with self._lock:
            if not self._found:
                self._found.append(self._looked_for())
            return self._found[0]

    def inspect(self, name: str) -> Mapping[str, Any] | None:
        """What the Engine says of an image, None where it has none of that name."""
        return self._own.image(name)

    def tag(self, identifier: str, name: str) -> None:
        """Give an image a further name."""
        from docker.utils import parse_repository_tag

        repository, tag = parse_repository_tag(name)
        self._engine.call(f"image tag {name}", lambda c: c.tag(identifier, repository, tag))

    def close(self) -> None:
        """Give up the connection to the depot; the next call connects again."""
        with self._lock:
            if self._found and self._found[0]:
                self._found[0].engine.close()
            self._found.clear()
        for other in self._others:
            other._engine.close()

    def _answering(self, identifier: str) -> Iterator[tuple[Supply, bool]]:
        """Other nodes that answer, and whether they have an image.

        One that is away goes without, and is asked again after a while.
        """
        for other in self._others:
            if self._engine.env.now() < other._silent_until:
                continue
            try:
                found = other.inspect(identifier)
            except ProviderError as error:
                other._silent_until = self._engine.env.now() + SILENT_S
                node = other._engine.endpoint.url
                self._engine.env.trace(
                    self._engine.venue, f"docker: {node} goes without {identifier[:19]}: {error}"
                )
                continue
            yield other, found is not None

    def _got(self, want: Resource, report: Report) -> str:
        reference = str(want.properties["reference"])
        policy = str(want.properties["pull_policy"])
        platform = str(want.properties.get("platform") or "")
        build = want.properties.get("build")
        source = self.source()
        theirs = source.image(reference) if source else None
        present = self.inspect(reference)
        absent = present is None and theirs is None
        if build and (policy in {"build", "always"} or (policy != "never" and absent)):
            return self._built(source, build, reference, platform, report)
        if policy in {"always", "build"} or (present and self.is_due(policy, present)):
            return pulled(self._engine, reference, platform, report)
        if source and theirs and (present is None or _is_only_here(theirs)):
            return self._sent_from(source, theirs, reference, report)
        if present is not None:
            return str(present["Id"])
        if policy == "never":
            raise ProviderError(
                "NotFound",
                f"the image {reference} is not there, and its pull policy is 'never'",
                remedy=f"docker pull {reference}, or choose another pull_policy",
            )
        return pulled(self._engine, reference, platform, report)

    def _looked_for(self) -> Depot | None:
        try:
            found = depot(self._settings, self._engine.env)
            if found is None or found.engine.endpoint.url == self._engine.endpoint.url:
                return None
            theirs = found.engine.call("info", lambda c: c.info())
        except ProviderError:
            if self._settings.get("from"):
                raise
            return None
        ours = self._engine.call("info", lambda c: c.info())
        alike = all(theirs[key] == ours[key] for key in ("OSType", "Architecture"))
        # Two Engines on one machine, or on copies of one, have the same id.
        same = all(theirs[key] == ours[key] for key in ("ID", "Name", "DockerRootDir"))
        if alike and not same:
            return found
        found.engine.close()
        return None

    def _built(
        self,
        source: Depot | None,
        build: Mapping[str, Any],
        reference: str,
        platform: str,
        report: Report,
    ) -> str:
        """Built where the depot is and sent from there, so that all Engines run the same image."""
        where = source or self._own
        with where.building[reference]:  # two at once would take the name from each other
            before = where.image(reference)
            identifier = built(where.engine, build, reference, platform, report)
            if before is None or before["Id"] != identifier:
                where.made.add((reference, identifier))
        image = source.image(identifier) if source else None
        if source is None or image is None:
            return identifier
        identifier = self._sent_from(source, image, reference, report)
        for tag in build.get("tags") or ():
            self.tag(identifier, str(tag))
        return identifier

    def _sent_from(
        self, source: Depot, image: Mapping[str, Any], reference: str, report: Report
    ) -> str:
        identifier = str(image["Id"])
        with self._sending[identifier]:  # components that share it have it sent once
            if self.inspect(identifier) is None:
                identifier = sent(source, self._engine, self._layers, image, report)
        if _is_name(reference):
            self.tag(identifier, reference)
        if _is_only_here(image):
            self._sent[identifier] = str(image["Id"])
        return identifier


def _is_only_here(image: Mapping[str, Any]) -> bool:
    """Whether no registry has it, as far as the Engine knows: then this one is the newest."""
    return not image.get("RepoDigests")


def _is_name(reference: str) -> bool:
    """Whether it can be given to an image: digests and ids are what an image has by itself.

    What was sent under a digest has only our own name there, and is run by its id.
    """
    return "@" not in reference and not reference.startswith("sha256:")


def _seconds(period: str) -> float:
    """Of Compose's durations, which for this key know days and weeks too."""
    total = 0.0
    for number, unit in re.findall(r"(\d+)([wdhms])", period):
        total += int(number) * {"w": 604800, "d": 86400}.get(unit, 0)
        total += seconds(f"{number}{unit}") if unit in "hms" else 0
    return total
