"""Images: pulled or built beside the handlers, and held by a name of ours that bears our marks."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.model.units import seconds
from moot.provider import Done, Marks, Operation, Page, Pending, Progress, ProviderError, Scope
from moot.providers.docker.build import Context, built
from moot.providers.docker.client import Engine
from moot.providers.docker.jobs import Jobs, Report
from moot.providers.docker.marks import item
from moot.providers.docker.names import from_image_word, image_word
from moot.providers.docker.notes import Notes

TYPE = "docker.image"
HOST = "moot.internal"
UID_DIGITS = 16  # a tag has room for 128 characters
LOOK_S = 0.3
SHORT_WAIT_S = 0.2  # most images are there already
NAME = re.compile(
    rf"{re.escape(HOST)}/(?P<app>[^/:]+)/(?P<component>[^/:]+):(?P<installation>[\w-]+)"
    r"\.(?P<generation>\d+)\.(?P<uid>[\w-]+)\.(?P<incarnation>\d+)(?P<built>\.b)?"
)
UNITS = {"daily": "24h", "weekly": "168h"}


class Images:
    """Handlers of docker.image.

    A pulled image cannot be labelled, so a further name of it is what we make: it bears our marks,
    keeps the image from being pruned, and is all that is removed again.
    """

    def __init__(self, engine: Engine, jobs: Jobs, notes: Notes) -> None:
        self._engine = engine
        self._jobs = jobs
        self._notes = notes
        self._building: defaultdict[str, Lock] = defaultdict(Lock)

    def create(self, want: Resource, op: Operation) -> Progress:
        """Pulled or built, then named.  One that has our name is there already."""
        name = _name(want, op.marks)
        if (found := self._inspect(name)) is not None:
            return Done(self._item(name, found["Id"], current=True))
        job = self._jobs.result(name, lambda report: self._made(want, report), SHORT_WAIT_S)
        if not job.done.is_set():
            return Pending(LOOK_S, {"job": name}, job.note)
        if job.failure:
            raise job.failure
        self._tag(job.result, name)
        self._note(want, name)
        return Done(self._item(name, job.result, current=True))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The image now, None where our name of it is gone."""
        if isinstance(key, ConfigurationItem):
            return next((i for i in self._listed() if i.identifier == key.identifier), None)
        found = [i for i in self._listed() if i.address == key.address]
        return max(found, key=lambda i: i.incarnation, default=None)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Only when to pull can change without another image: that is noted."""
        self._note(want, have.identifier)
        return Done(self.read(have))

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """Our name goes; what we built goes with it, what was pulled or was there stays."""
        found = self._inspect(have.identifier)
        if found is None or not _bears(have.identifier, op.marks):
            return Done(None)
        note = self._notes.get(have.identifier)
        others = [t for t in found.get("RepoTags") or () if t != have.identifier]
        if _built(have.identifier) and not any(t.startswith(f"{HOST}/") for t in others):
            theirs = {normal(str(note.get("reference", "")))} & set(others)
            for tag in theirs:
                self._untag(tag)
        self._untag(have.identifier)
        self._notes.forget(have.identifier)
        return Done(None)

    def list(self, scope: Scope, cursor: str | None) -> Page:
        """Ours by the names we gave, or everybody's by theirs."""
        if scope.installation is None:
            return Page((*self._listed(), *self._foreign()))
        found = (i for i in self._listed() if i.installation == scope.installation)
        apps = (i for i in found if scope.app in (None, str(i.address).partition("/")[0]))
        return Page(tuple(apps))

    def _made(self, want: Resource, report: Report) -> str:
        """The image's id, after whatever its policy asks for.  Runs in a thread of its own."""
        reference = str(want.properties["reference"])
        policy = str(want.properties["pull_policy"])
        platform = str(want.properties.get("platform") or "")
        build = want.properties.get("build")
        present = self._inspect(reference)
        if build and (policy in {"build", "always"} or (policy != "never" and present is None)):
            with self._building[reference]:  # two at once would take the name from each other
                return built(self._engine, build, reference, platform, report)
        if present is None and policy == "never":
            raise ProviderError(
                "NotFound",
                f"the image {reference} is not there, and its pull policy is 'never'",
                remedy=f"docker pull {reference}, or choose another pull_policy",
            )
        if present is None or policy in {"always", "build"} or self._due(policy, present):
            return pulled(self._engine, reference, platform, report)
        return str(present["Id"])

    def _due(self, policy: str, image: Mapping[str, Any]) -> bool:
        """Whether `daily`, `weekly` or `every_12h` ask for another pull by now."""
        period = UNITS.get(policy, policy.removeprefix("every_") if "every_" in policy else "")
        tagged = str((image.get("Metadata") or {}).get("LastTagTime") or "")
        if not period or not tagged or tagged.startswith("0001"):
            return False
        then = datetime.fromisoformat(re.sub(r"\.\d+", "", tagged)).timestamp()
        return self._engine.env.now() - then > _seconds(period)

    def _listed(self) -> list[ConfigurationItem]:
        """Everything that bears a name of ours; one listing says where each reference points."""
        images = self._engine.call("image ls", lambda c: c.images())
        names = {tag: image["Id"] for image in images for tag in image.get("RepoTags") or ()}
        ours = {name: identifier for name, identifier in names.items() if NAME.fullmatch(name)}
        return [self._item(n, i, current=self._is_current(n, i, names)) for n, i in ours.items()]

    def _is_current(self, name: str, identifier: str, names: Mapping[str, str]) -> bool:
        """False when it is to be made again: its name moved on, a pull is due, files changed."""
        note = self._notes.get(name)
        reference, policy = str(note.get("reference", "")), str(note.get("pull_policy", ""))
        if names.get(normal(reference), identifier) != identifier:
            return False
        if note.get("build"):
            return note.get("digest") in (None, self._digest(note["build"]))
        if policy == "always":
            return False
        if policy in UNITS or policy.startswith("every_"):
            found = self._inspect(identifier)
            return found is None or not self._due(policy, found)
        return True

    def _digest(self, build: Mapping[str, Any]) -> str | None:
        """Of the build context now; None where the folder is not on this machine."""
        try:
            context = Context.of(build)
        except ProviderError:
            return None
        return context.digest() if context else None

    def _note(self, want: Resource, name: str) -> None:
        build = want.properties.get("build")
        note = {
            "reference": want.properties["reference"],
            "pull_policy": want.properties["pull_policy"],
        }
        if build and _built(name):
            note |= {"build": build, "digest": self._digest(build)}
        self._notes.put(name, note)

    def _foreign(self) -> Iterator[ConfigurationItem]:
        images = self._engine.call("image ls", lambda c: c.images())
        for image in images:
            for tag in image.get("RepoTags") or ():
                if not tag.startswith((f"{HOST}/", "<none>")):
                    properties = {"id": image["Id"], "reference": tag}
                    yield item(TYPE, self._engine.venue, tag, {}, properties=properties)

    def _item(self, name: str, identifier: str, *, current: bool) -> ConfigurationItem:
        found = NAME.fullmatch(name)
        assert found, f"{name} is a name we gave"
        app, component = from_image_word(found["app"]), from_image_word(found["component"])
        venue = self._engine.venue
        labels = Marks(
            installation=from_image_word(found["installation"]),
            generation=int(found["generation"]),
            app=app,
            address=f"{app}/{component}@{venue}/image",
            uid=found["uid"],
            incarnation=int(found["incarnation"]),
        ).as_labels()
        properties = {"id": identifier, "current": current}
        return item(TYPE, venue, name, labels, properties=properties)

    def _inspect(self, name: str) -> Mapping[str, Any] | None:
        try:
            return self._engine.call(f"image inspect {name[:60]}", lambda c: c.inspect_image(name))
        except ProviderError as error:
            if error.code == "NotFound":
                return None
            raise

    def _tag(self, identifier: str, name: str) -> None:
        repository, _, tag = name.rpartition(":")
        self._engine.call(f"image tag {name}", lambda c: c.tag(identifier, repository, tag))

    def _untag(self, name: str) -> None:
        """Take one name away; a container that still runs from it keeps the image alive.

        Its untagged parents stay: they are the build cache, without which the next `up` would
        begin with the first line of the Dockerfile again.
        """
        try:
            self._engine.call(
                f"image rm {name}", lambda c: c.remove_image(name, force=True, noprune=True)
            )
        except ProviderError as error:
            if error.code != "NotFound":
                raise


def pulled(engine: Engine, reference: str, platform: str, report: Report) -> str:
    """Pull and give the image's id.  The user's own `docker login` counts."""
    from docker.utils import parse_repository_tag

    repository, tag = parse_repository_tag(reference)
    layers: dict[str, tuple[int, int]] = {}

    def pull(client: Any) -> None:
        events = client.pull(
            repository, tag or "latest", stream=True, decode=True, platform=platform or None
        )
        problems: list[str] = []
        for event in events:  # to their end, for only that gives the connection back
            problems += [str(event["error"])] if "error" in event else []
            detail = event.get("progressDetail") or {}
            if event.get("id") and detail.get("total"):
                layers[event["id"]] = (int(detail["current"]), int(detail["total"]))
                whole = sum(total for _, total in layers.values())
                report(f"pulling {100 * sum(now for now, _ in layers.values()) // whole} %")
        if problems:
            raise _pull_failed(reference, problems[0])

    report(f"pulling {reference}")
    try:
        engine.call(f"image pull {reference}", pull)
    except ProviderError as error:
        raise error if error.remedy else _pull_failed(reference, error.message) from None
    found = engine.call(f"image inspect {reference}", lambda c: c.inspect_image(reference))
    if tag and not tag.startswith("sha256:"):  # the Engine notes the time: the pull was today
        engine.call(f"image tag {reference}", lambda c: c.tag(found["Id"], repository, tag))
    return str(found["Id"])


def normal(reference: str) -> str:
    """The name an Engine lists for a reference: without Docker Hub's, with `latest`."""
    short = re.sub(r"^(docker\.io/)?(library/)?", "", reference)
    return short if "@" in short or ":" in short.rpartition("/")[2] else f"{short}:latest"


def _pull_failed(reference: str, message: str) -> ProviderError:
    return ProviderError(
        "NotFound" if "not found" in message or "manifest unknown" in message else "NetworkFailure",
        f"could not pull {reference}: {message}",
        remedy="correct the image's name, log in (docker login), or give the component a 'build'",
    )


def _bears(name: str, marks: Marks) -> bool:
    """Whether a name of ours says that it is this very thing."""
    found = NAME.fullmatch(name)
    return found is not None and (found["installation"], found["uid"], found["incarnation"]) == (
        image_word(marks.installation),
        _digits(marks.uid),
        str(marks.incarnation),
    )


def _name(want: Resource, marks: Marks) -> str:
    app, _, rest = marks.address.partition("/")
    component = rest.partition("@")[0]
    suffix = ".b" if want.properties.get("build") else ""
    uid = _digits(marks.uid)
    installation = image_word(marks.installation)
    tag = f"{installation}.{marks.generation}.{uid}.{marks.incarnation}{suffix}"
    return f"{HOST}/{image_word(app)}/{image_word(component)}:{tag}"


def _digits(uid: str) -> str:
    """A uid as a tag has room for it; what was read from a tag stays as it is."""
    if re.fullmatch(rf"[0-9a-f]{{{UID_DIGITS}}}", uid):
        return uid
    return hashlib.sha256(uid.encode()).hexdigest()[:UID_DIGITS]


def _built(name: str) -> bool:
    return name.endswith(".b")


def _seconds(period: str) -> float:
    """Of Compose's durations, which for this key know days and weeks too."""
    total = 0.0
    for number, unit in re.findall(r"(\d+)([wdhms])", period):
        total += int(number) * {"w": 604800, "d": 86400}.get(unit, 0)
        total += seconds(f"{number}{unit}") if unit in "hms" else 0
    return total
