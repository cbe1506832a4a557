"""Every check of the contract catches a provider that breaks just that promise."""

from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import ClassVar

import pytest
from fake_trial import trial

from moot.model.resource import Resource
from moot.model.value import Ref, Secret
from moot.provider import Done, Page, Pending, ProviderError, Scope
from moot.providers.fake import FakeProvider
from moot.testing import conformance
from moot.testing.sample import SECRET
from moot.testing.trial import Bench, Inapplicable

NUMBERS = count()
ANY = Scope(installation=None)


class MovingIdentity(FakeProvider):
    def identity(self):
        return f"{super().identity()}-{next(NUMBERS)}"


class TwinOfferings(FakeProvider):
    def offerings(self):
        return [*super().offerings(), *super().offerings()]


class PaysToRun(FakeProvider):
    def offerings(self):
        return [replace(offering, hourly=Decimal(-1)) for offering in super().offerings()]


class Undescribed(FakeProvider):
    config_schema: ClassVar = {"type": "string"}


class OddSchema(FakeProvider):
    def schema(self, type):
        return replace(super().schema(type), create_only=("colour",))


class MoodyLowering(FakeProvider):
    def lower(self, share):
        for resource in super().lower(share):
            yield replace(resource, properties={**resource.properties, "turn": next(NUMBERS)})


class HalfLowering(FakeProvider):
    def lower(self, share):
        return (r for r in super().lower(share) if r.type != "fake.network")


class HeadlessLowering(FakeProvider):
    def lower(self, share):
        return (replace(resource, main=False) for resource in super().lower(share))


class OpenSecret(FakeProvider):
    def lower(self, share):
        for resource in super().lower(share):
            yield replace(
                resource, properties={**resource.properties, "labels": Secret("password", "1")}
            )


class WrongAddress(FakeProvider):
    def create(self, want, op):
        match super().create(want, op):
            case Done(item):
                return Done(replace(item, address=item.identifier + "?"))
            case pending:
                return pending


class MakesAnew(FakeProvider):
    """Every call makes another thing, marks and token notwithstanding."""

    def create(self, want, op):
        marks = op.marks.as_labels()
        name = f"{want.address}~{next(NUMBERS)}"
        thing = self.world.make(want.type, name, marks, want.properties, now=self.env.now())
        return Done(self._handlers(None)._item(thing))


class TakesOver(FakeProvider):
    def create(self, want, op):
        try:
            return super().create(want, op)
        except ProviderError as error:
            if error.code != "AlreadyExists":
                raise
            (thing,) = self.world.named(want.type, want.address)
            return Done(self._handlers(None)._item(thing))


class Grudging(FakeProvider):
    """Says that something else is wrong where its name is taken."""

    def create(self, want, op):
        try:
            return super().create(want, op)
        except ProviderError as error:
            raise ProviderError("GeneralServiceException", error.message) from error


class RemembersInMemory(FakeProvider):
    """Keeps an operation in its own memory, where no other process finds it."""

    def __init__(self, venue, configuration, env):
        super().__init__(venue, configuration, env)
        self.begun = set()

    def create(self, want, op):
        if op.token not in self.begun:
            self.begun.add(op.token)
            return Pending(0.001, {"begun": True})
        return super().create(want, replace(op, resume=None))


class ForgetsToDelete(FakeProvider):
    def delete(self, item, op):
        return Done(None)


class StartsOver(FakeProvider):
    """Pending, and without its `resume` it begins another one."""

    def create(self, want, op):
        if op.resume is None:
            name = f"{want.address}~{next(NUMBERS)}"
            marks = op.marks.as_labels()
            made = self.world.make(want.type, name, marks, want.properties, now=self.env.now())
            return Pending(0.001, {"id": made.id})
        return Done(self._handlers(None)._item(self.world.get(op.resume["id"])))


class RacesItself(FakeProvider):
    """Looks before it leaps, and lets others in between."""

    def create(self, want, op):
        if want.exclusive or self.world.named(want.type, want.address):
            return super().create(want, op)
        self.env.sleep(0.05)
        marks = op.marks.as_labels()
        name = f"{want.address}~{next(NUMBERS)}"
        made = self.world.make(want.type, name, marks, want.properties, now=self.env.now())
        return Done(self._handlers(None)._item(made))


class OneForAll(FakeProvider):
    """Gives every caller the newest thing of the type, whoever made it."""

    def create(self, want, op):
        super().create(want, op)
        return Done(self._handlers(None)._item(self.world.things(want.type)[0]))


class UpdatesNothing(FakeProvider):
    def update(self, item, want, op):
        return Done(self.read(item))


class UpdatesByReplacing(FakeProvider):
    def update(self, item, want, op):
        self.world.destroy(item.identifier)
        marks = op.marks.as_labels()
        name = f"{want.address}~{next(NUMBERS)}"
        made = self.world.make(want.type, name, marks, want.properties, now=self.env.now())
        return Done(self._handlers(None)._item(made))


class OneIncarnation(FakeProvider):
    """A new incarnation ends the old one, ready or not."""

    def create(self, want, op):
        for thing in self.world.family(want.type, want.address):
            if thing.tags["moot.incarnation"] != str(op.marks.incarnation):
                self.world.destroy(thing.id)
        return super().create(want, op)


class DeletesOnce(FakeProvider):
    def delete(self, item, op):
        if super().read(item) is None:
            raise ProviderError("NotFound", "it is gone")
        return super().delete(item, op)


class DeletesBlindly(FakeProvider):
    def delete(self, item, op):
        self.world.destroy(item.identifier)
        return Done(None)


class DeletesDataToo(FakeProvider):
    def delete(self, item, op):
        progress = super().delete(item, op)
        for mount in item.properties.get("mounts", ()):
            self.world.destroy(mount["source"])
        return progress


class ReadsNothing(FakeProvider):
    def read(self, key):
        return None


class KnowsNoNames(FakeProvider):
    def read(self, key):
        return None if isinstance(key, Resource) else super().read(key)


class ReadsBlindly(FakeProvider):
    def read(self, key):
        if isinstance(key, Resource):
            return super().read(key)
        thing = self.world.get(key.identifier)
        return thing and self._handlers(None)._item(thing)


class NeverStarts(FakeProvider):
    def read(self, key):
        item = super().read(key)
        return item and replace(item, status="starting")


class OddStatus(FakeProvider):
    def read(self, key):
        item = super().read(key)
        return item and replace(item, status="booted")


class ListsNothing(FakeProvider):
    def list(self, type, scope, cursor):
        return Page(())


class ListsWithoutMarks(FakeProvider):
    def list(self, type, scope, cursor):
        page = super().list(type, scope, cursor)
        return replace(page, items=tuple(replace(i, address=None) for i in page.items))


class ListsEverything(FakeProvider):
    def list(self, type, scope, cursor):
        return super().list(type, ANY, cursor)


class RepeatsItsPages(FakeProvider):
    def list(self, type, scope, cursor):
        page = super().list(type, scope, cursor)
        return replace(page, items=(*page.items, *page.items))


class NeverEndingPages(FakeProvider):
    def list(self, type, scope, cursor):
        return replace(super().list(type, scope, None), cursor="1")


class LeavesRefs(FakeProvider):
    def create(self, want, op):
        item = super().create(want, op).item
        return Done(replace(item, private={"after": Ref("a", "b")}))


class Talks(FakeProvider):
    def read(self, key):
        item = super().read(key)
        return item and replace(item, private={"environment": f"PASSWORD={SECRET}"})


class OnePerToken(FakeProvider):
    """Says that names count, and goes by the token: the same attempt is found, another is not."""

    def create(self, want, op):
        name = f"{want.address}~{op.token}"
        marks = op.marks.as_labels()
        made = self.world.named(want.type, name) or [
            self.world.make(want.type, name, marks, want.properties, now=self.env.now())
        ]
        return Done(self._handlers(None)._item(made[0]))


class MarksLater(FakeProvider):
    """Marks what it made in a second call."""

    def create(self, want, op):
        if op.resume is not None:
            self.world.destroy(op.resume["id"])
            return super().create(want, replace(op, resume=None))
        made = self.world.make(want.type, want.address, {}, want.properties, now=self.env.now())
        return Pending(0.001, {"id": made.id})


class Locks(FakeProvider):
    """Locks what it changes, and only who has the `resume` can open it again."""

    locked: ClassVar[set[str]] = set()

    def update(self, item, want, op):
        return self._lock(item, op) or super().update(item, want, replace(op, resume=None))

    def delete(self, item, op):
        return self._lock(item, op) or super().delete(item, replace(op, resume=None))

    def _lock(self, item, op):
        if op.resume is not None:
            self.locked.discard(item.identifier)
            return None
        if item.identifier in self.locked:
            raise ProviderError("InvalidRequest", "it is locked", retry_after=0.0)
        self.locked.add(item.identifier)
        return Pending(0.001, {"locked": True})


class DeletesTheFamily(FakeProvider):
    """Deletes every incarnation of what it is to delete."""

    def delete(self, item, op):
        for thing in self.world.family(item.type, item.address):
            self.world.destroy(thing.id)
        return Done(None)


MUTANTS = [
    ("identity_is_stable", MovingIdentity, "the identity was"),
    ("offerings_are_sound", TwinOfferings, "share a name"),
    ("offerings_are_sound", PaysToRun, "pays us"),
    ("configuration_is_described", Undescribed, "does not describe a mapping"),
    ("schema_is_sound", OddSchema, "not a declared property"),
    ("schema_is_sound", MoodyLowering, "the schema does not know"),
    ("lowering_is_pure", MoodyLowering, "different resources the second time"),
    ("lowering_is_complete", HalfLowering, "nothing is at"),
    ("lowering_is_complete", HeadlessLowering, "no main thing"),
    ("secrets_are_declared", OpenSecret, "is not sensitive"),
    ("create_describes_what_it_made", WrongAddress, "it is at"),
    ("create_is_idempotent", MakesAnew, "the same attempt made"),
    ("create_keeps_off_strangers", TakesOver, "took over"),
    ("create_keeps_off_strangers", Grudging, "not AlreadyExists"),
    ("pending_is_resumed", RemembersInMemory, "still pending"),
    ("pending_is_resumed", ForgetsToDelete, "delete was Done and it is still there"),
    ("lost_resume_is_survived", StartsOver, "one create made"),
    ("twice_at_once_makes_one", RacesItself, "one attempt made"),
    ("different_things_at_once", OneForAll, "3 creates made"),
    ("update_takes_on_what_is_wanted", UpdatesNothing, "after the update"),
    ("update_takes_on_what_is_wanted", UpdatesByReplacing, "made another thing"),
    ("incarnations_stand_side_by_side", OneIncarnation, "ended the old one"),
    ("delete_is_idempotent", DeletesOnce, "it is gone"),
    ("delete_is_idempotent", ForgetsToDelete, "it is still there"),
    ("delete_reads_the_marks", DeletesBlindly, "removed what belongs to another"),
    ("data_outlives_its_users", DeletesDataToo, "went with its user"),
    ("class_is_as_declared", OnePerToken, "says NAME and behaves like TOKEN"),
    ("create_survives_the_end_of_the_process", StartsOver, "create"),
    ("create_survives_the_end_of_the_process", MarksLater, "the run after it fails"),
    ("update_survives_the_end_of_the_process", Locks, "it is locked"),
    ("replacement_survives_the_end_of_the_process", DeletesTheFamily, "there is []"),
    ("delete_survives_the_end_of_the_process", Locks, "it is locked"),
    ("lost_answers_are_survived", MakesAnew, "could not create"),
    ("calls_delivered_twice_are_survived", MakesAnew, "could not create"),
    ("dropped_calls_are_survived", ListsNothing, "there is []"),
    ("throttling_is_survived", ForgetsToDelete, "while it throttles there is"),
    ("partial_lists_are_survived", MakesAnew, "could not create"),
    ("late_lists_are_survived", MakesAnew, "could not create"),
    ("read_finds_what_was_made", ReadsNothing, "it is not found"),
    ("read_finds_by_name", KnowsNoNames, "not found by its name"),
    ("read_of_gone_is_none", ReadsBlindly, "another's thing for ours"),
    ("becomes_ready", NeverStarts, "is not healthy within"),
    ("becomes_ready", OddStatus, "what is 'booted'?"),
    ("list_finds_what_was_made", ListsNothing, "no list of everything"),
    ("list_finds_what_was_made", ListsWithoutMarks, "lists it as (None"),
    ("list_keeps_to_its_scope", ListsEverything, "lists what is not in it"),
    ("list_goes_through_its_pages", RepeatsItsPages, "are listed twice"),
    ("list_goes_through_its_pages", NeverEndingPages, "comes back to cursor"),
    ("items_hold_plain_values", LeavesRefs, "a Ref stands"),
    ("secrets_stay_hidden", Talks, "shows the secret"),
]
CHECKS = {check.__name__: check for check in conformance.CHECKS}


def test_every_check_has_a_mutant():
    assert {name for name, _, _ in MUTANTS} == CHECKS.keys()


def caught(name, mutant):
    """What the check says to the first type with which it finds something."""
    broken = replace(trial("name", mutant), patience_s=1.0)
    for type in broken.types():
        with Bench(broken) as bench:
            try:
                CHECKS[name](bench, type)
            except Inapplicable:
                continue
            except (AssertionError, ProviderError) as error:
                return str(error)
    return ""


@pytest.mark.parametrize(("name", "mutant", "problem"), MUTANTS)
def test_mutant_is_caught(name, mutant, problem):
    assert problem in caught(name, mutant)


def test_a_result_names_the_check_the_type_and_the_problem():
    broken = replace(trial("name", Talks), patience_s=1.0)
    found = [r for r in conformance.results(broken, ["fake.process"]) if r.outcome == "broken"]
    (result,) = (r for r in found if r.group == "contract")
    assert (result.check, result.type) == ("secrets_stay_hidden", "fake.process")
    assert "shows the secret" in result.problem
    assert conformance.verdict(found, ()) == "breaks the contract"
