"""Every check of the contract catches a provider that breaks just that promise."""

from dataclasses import replace
from itertools import takewhile

import pytest
from broken_providers import (
    DeletesBlindly,
    DeletesDataToo,
    DeletesOnce,
    DeletesTheFamily,
    ForgetsToDelete,
    Grudging,
    HalfLowering,
    HeadlessLowering,
    KnowsNoNames,
    LeavesRefs,
    ListsEverything,
    ListsNothing,
    ListsWithoutMarks,
    Locks,
    MakesAnew,
    MarksLater,
    MoodyLowering,
    MovingIdentity,
    NeverEndingPages,
    NeverStarts,
    OddSchema,
    OddStatus,
    OneForAll,
    OneIncarnation,
    OnePerToken,
    OpenSecret,
    PaysToRun,
    RacesItself,
    ReadsBlindly,
    ReadsNothing,
    RemembersInMemory,
    RepeatsItsPages,
    StartsOver,
    TakesOver,
    Talks,
    TwinOfferings,
    Undescribed,
    UpdatesByReplacing,
    UpdatesNothing,
    WrongAddress,
)
from fake_trial import trial

from moot.provider import ProviderError
from moot.testing import conformance
from moot.testing.trial import Bench, Inapplicable

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
    told = conformance.results(broken, ["fake.process"])
    contract = takewhile(lambda result: result.group == "contract", told)  # the first to be checked
    found = [result for result in contract if result.outcome == "broken"]
    (result,) = found
    assert (result.check, result.type) == ("secrets_stay_hidden", "fake.process")
    assert "shows the secret" in result.problem
    assert conformance.verdict(found, ()) == "breaks the contract"
