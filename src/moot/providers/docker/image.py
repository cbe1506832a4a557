"""Images: pulled or built beside the handlers, and held by a name of ours that bears our marks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Marks, Operation, Page, Pending, Progress, ProviderError, Scope
from moot.providers.docker.build import Context
from moot.providers.docker.client import Engine
from moot.providers.docker.jobs import Jobs
from moot.providers.docker.marks import item
from moot.providers.docker.names import HOST, from_image_word, image_word
from moot.providers.docker.notes import Notes
from moot.providers.docker.supply import PERIODS, Supply

TYPE = "docker.image"
UID_DIGITS = 16  # a tag has room for 128 characters
LOOK_S = 0.3
SHORT_WAIT_S = 0.2  # most images are there already
NAME = re.compile(
    rf"{re.escape(HOST)}/(?P<app>[^/:]+)/(?P<component>[^/:]+):(?P<installation>[\w-]+)"
    r"\.(?P<generation>\d+)\.(?P<uid>[\w-]+)\.(?P<incarnation>\d+)(?P<built>\.b)?"
)


class Images:
    """Handlers of docker.image.

    A pulled image cannot be labelled, so a further name of it is what we make: it bears our marks,
    keeps the image from being pruned, and is all that is removed again.
    """

    def __init__(self, engine: Engine, supply: Supply, jobs: Jobs, notes: Notes) -> None:
        self._engine = engine
        self._supply = supply
        self._jobs = jobs
        self._notes = notes

    def create(self, want: Resource, op: Operation) -> Progress:
        """Sent, pulled or built, then named.  One that has our name is there already."""
        name = _name(want, op.marks)
        if (found := self._supply.inspect(name)) is not None:
            return Done(self._item(name, found["Id"], current=True))
        job = self._jobs.result(name, lambda report: self._supply.get(want, report), SHORT_WAIT_S)
        if not job.done.is_set():
            return Pending(LOOK_S, {"job": name}, job.note)
        if job.failure:
            raise job.failure
        self._note(want, name, self._source(want, job.result))
        self._supply.tag(job.result, name)  # after the note: what bears our name is known
        return Done(self._item(name, job.result, current=True))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The image now, None where our name of it is gone."""
        if isinstance(key, ConfigurationItem):
            return next((i for i in self._listed() if i.identifier == key.identifier), None)
        found = [i for i in self._listed() if i.address == key.address]
        return max(found, key=lambda i: i.incarnation, default=None)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Only when to pull can change without another image: that is noted."""
        note = self._notes.get(have.identifier)
        self._note(want, have.identifier, {k: note[k] for k in ("origin", "built") if k in note})
        return Done(self.read(have))

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """Our name goes; what we built goes with it, what was pulled or was there stays."""
        found = self._supply.inspect(have.identifier)
        if found is None or not _bears(have.identifier, op.marks):
            return Done(None)
        note = self._notes.get(have.identifier)
        others = [t for t in found.get("RepoTags") or () if t != have.identifier]
        if note.get("built") and not any(t.startswith(f"{HOST}/") for t in others):
            reference = str(note["reference"])
            if normal(reference) in others:
                self._untag(reference)
            self._supply.forget(reference, str(found["Id"]), str(note.get("origin", "")))
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
        if not self._supply.is_everywhere(identifier):
            return False
        if note.get("build"):
            return note.get("digest") in (None, self._digest(note["build"]))
        if policy == "always":
            return False
        if note.get("origin") and self._supply.has_moved(reference, str(note["origin"])):
            return False
        if policy in PERIODS or policy.startswith("every_"):
            found = self._supply.inspect(identifier)
            return found is None or not self._supply.is_due(policy, found)
        return True

    def _digest(self, build: Mapping[str, Any]) -> str | None:
        """Of the build context now; None where the folder is not on this machine."""
        try:
            context = Context.of(build)
        except ProviderError:
            return None
        return context.digest() if context else None

    def _source(self, want: Resource, identifier: str) -> dict[str, str]:
        """Where an image came from: the depot's id of one it sent, and of one that moot built.

        An image is moot's own where a build brought it, or once brought what is there still.
        Any other with a build section may be the user's work, and is never removed.
        """
        origin, reference = self._supply.origin(identifier), str(want.properties["reference"])
        first = {"reference": reference, "built": origin or identifier}
        ours = want.properties.get("build") and (
            self._supply.has_made(reference, first["built"]) or self._notes.have(first)
        )
        built = {"built": first["built"]} if ours else {}
        return {**({"origin": origin} if origin else {}), **built}

    def _note(self, want: Resource, name: str, source: Mapping[str, str]) -> None:
        build = want.properties.get("build")
        note = {
            "reference": want.properties["reference"],
            "pull_policy": want.properties["pull_policy"],
            **source,
        }
        if build and _has_build(name):
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


def normal(reference: str) -> str:
    """The name an Engine lists for a reference: without Docker Hub's, with `latest`."""
    short = re.sub(r"^(docker\.io/)?(library/)?", "", reference)
    return short if "@" in short or ":" in short.rpartition("/")[2] else f"{short}:latest"


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


def _has_build(name: str) -> bool:
    return name.endswith(".b")
