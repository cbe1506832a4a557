"""Handler of `host.image`: an image in a machine's engine, sent from here or pulled there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Env, Marks, Operation, Pending, Progress, ProviderError
from moot.providers.host.local_engine import LocalEngine, digest
from moot.providers.host.machine import Machine
from moot.providers.host.process import newest
from moot.providers.host.survey import Record
from moot.render.image import Unreadable, contents, filtered, missing_layers

TYPE = "host.image"
MIB = 1 << 20
LOOK_S = 0.3
SHORT_WAIT_S = 0.3  # most images are there already
PULL_S = 1800.0


@dataclass
class _Job:
    """One image on its way.  After a crash nothing is left of it, and asking again starts again."""

    note: str = ""
    failure: ProviderError | None = None
    done: threading.Event = field(default_factory=threading.Event)


class ImageHandler:
    """An image is its record folder on the machine, which says whether we brought it."""

    def __init__(self, machine: Machine, env: Env) -> None:
        self.machine = machine
        self.local = LocalEngine(env.environ)
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()

    def create(self, want: Resource, op: Operation) -> Progress:
        """Done by a thread, because gigabytes take their time; an earlier one may be through."""
        component = want.address.partition("@")[0].partition("/")[2]
        folder = self.machine.run_folder(op.marks, f"image.{component}")
        found = self._described(folder)
        if found and found.uid == op.marks.uid and found.properties["id"]:
            return Done(found)
        with self._lock:
            job = self._jobs.get(folder)
            if job is None:
                job = self._jobs[folder] = _Job()
                arguments = (job, lambda: self._get(want, op.marks, folder, job))
                threading.Thread(target=_run, args=arguments, daemon=True).start()
        if not job.done.wait(SHORT_WAIT_S):
            return Pending(LOOK_S, {"folder": folder}, job.note)
        with self._lock:
            self._jobs.pop(folder, None)
        if job.failure:
            raise job.failure
        return Done(self._described(folder))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        if isinstance(key, ConfigurationItem):
            return self._described(key.identifier)
        return newest(self.list(), key.address)

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Only when to pull can change without another image."""
        changes = {"pull_policy": want.properties["pull_policy"]}
        self.machine.errand("amend_image", folder=item.identifier, changes=changes)
        return Done(self._described(item.identifier))

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        marks = {**op.marks.as_labels(), "moot.type": TYPE}
        data, root = self.machine.data, self.machine.root
        self.machine.errand(
            "remove_image", folder=item.identifier, marks=marks, data=data, root=root
        )
        return Done(None)

    def list(self) -> Iterator[ConfigurationItem]:
        for record in self.machine.records(TYPE):
            if item := self._item(record):
                yield item

    def _get(self, want: Resource, marks: Marks, folder: str, job: _Job) -> None:
        """Built or found here and sent, or pulled there; the record says first what was before."""
        wanted = want.properties
        reference, platform = str(wanted["reference"]), str(wanted.get("platform") or "")
        there = self.machine.errand(
            "begin_image",
            folder=folder,
            marks={**marks.as_labels(), "moot.type": TYPE},
            reference=reference,
            data=self.machine.data,
        )
        source = self._source(wanted, reference, platform, job)
        if source and source != there["id"]:
            self._send(reference, there, job)
        elif not source and (not there["id"] or wanted["pull_policy"] == "always"):
            _pull(self.machine, reference, platform, job)
        told = {"pull_policy": wanted["pull_policy"], "build": wanted.get("build")}
        if told["build"]:
            told["source"] = digest(wanted["build"])
        self.machine.errand("end_of_image", folder=folder, told=told)

    def _source(self, wanted: Mapping[str, Any], reference: str, platform: str, job: _Job) -> str:
        """The id of the image here; "" where it has to come from a registry."""
        if not wanted.get("build"):
            return "" if wanted["pull_policy"] == "always" else self.local.identifier(reference)
        job.note = "building"
        return self.local.build(wanted["build"], reference, platform)

    def _send(self, reference: str, there: Mapping[str, Any], job: _Job) -> None:
        """The layers that the machine lacks; Podman opens all of them, and so gets all."""
        job.note = "saving the image"
        with self.local.saved(reference) as file:
            try:
                packed = contents(file)
            except Unreadable as problem:
                raise ProviderError("GeneralServiceException", f"{reference}: {problem}") from None
            present = [] if there["engine"].endswith("podman") else there["layers"]
            missing = missing_layers(packed.layers, present)
            length = packed.length(missing)
            self._load(there["engine"], filtered(file, packed, missing), length, job)

    def _load(self, engine: str, pieces: Iterator[bytes], length: int, job: _Job) -> None:
        """Straight into the engine's command there: too much for an errand."""
        done = 0
        command = (*self.machine.launcher, engine, "load")
        with self.machine.shell.open(command) as loading:
            assert loading.stdin and loading.stderr
            with contextlib.suppress(BrokenPipeError):  # why it ended is read below
                for piece in pieces:
                    loading.stdin.write(piece)
                    done += len(piece)
                    job.note = f"sending, {100 * done // length} % of {length / MIB:.1f} MiB"
                job.note = "the image is being loaded"
            with contextlib.suppress(BrokenPipeError):
                loading.stdin.close()
            said = loading.stderr.read().decode(errors="replace").strip()
        if loading.returncode:
            full = "no space left" in said
            raise ProviderError(
                "ServiceLimitExceeded" if full else "GeneralServiceException",
                f"the image could not be loaded: {said[-500:]}",
                remedy="make room on that machine: docker system df" if full else "",
            )

    def _described(self, folder: str) -> ConfigurationItem | None:
        record = self.machine.record(folder)
        return self._item(record) if record and record["type"] == TYPE else None

    def _item(self, record: Record) -> ConfigurationItem | None:
        marks, kept = Marks.from_labels(record["marks"]), record["record"]
        if marks is None:
            return None
        seen = ConfigurationItem(
            type=TYPE,
            venue=self.machine.venue,
            identifier=record["folder"],
            properties={
                "reference": kept.get("reference", ""),
                "pull_policy": kept.get("pull_policy", ""),
                "id": kept.get("id", ""),
                "current": record["there"] and self._is_current(kept),
            },
        )
        return marks.on(seen)

    def _is_current(self, kept: Mapping[str, Any]) -> bool:
        """False when it is to be made again: files of the build, or the image here, changed."""
        if kept.get("build"):
            return digest(kept["build"]) in ("", kept["source"])
        if kept.get("pull_policy") == "always":
            return False
        return self.local.identifier(kept.get("reference", "")) in ("", kept.get("id"))


def _pull(machine: Machine, reference: str, platform: str, job: _Job) -> None:
    job.note = f"pulling {reference}"
    machine.errand("pull_image", timeout_s=PULL_S, reference=reference, platform=platform)


def _run(job: _Job, work: Callable[[], None]) -> None:
    try:
        work()
    except ProviderError as error:
        job.failure = error
    except Exception as error:  # a thread that dies silently would be waited for for ever
        job.failure = ProviderError("GeneralServiceException", f"{type(error).__name__}: {error}")
    finally:
        job.done.set()
