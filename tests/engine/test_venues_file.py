"""What venues.yaml itself gets wrong is told all at once, each with its own place."""

from __future__ import annotations

from decimal import Decimal
from math import inf

import pytest

from moot.engine.venues import Venues
from moot.model.diagnostic import BadInput
from moot.model.quota import UNLIMITED, Amounts, Quota
from moot.model.spot import Spot
from moot.provider import Env
from moot.venues_file import BUILT_IN, VenuesFile


def file(tmp_path, text: str) -> VenuesFile:
    path = tmp_path / "venues.yaml"
    path.write_text(text)
    return VenuesFile(path)


def told(tmp_path, text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(BadInput) as refused:
        file(tmp_path, text).venues()
    problems = refused.value.diagnostics
    assert all(d.remedy and d.place and d.place.file.endswith("venues.yaml") for d in problems)
    return [(d.place.line, d.place.column, d.summary) for d in problems if d.place]


def test_every_entry_that_cannot_be_used_is_told_in_its_own_line(tmp_path):
    text = """\
venues:
  none: {}
  nul:
  1: {provider: fake}
  bad/name: {provider: fake}
  never: {provider: fake, was: [docker]}
  often: {provider: fake, sla: 120%}
  fine: {provider: fake}
  lab:
    provider: fake
    sla: {planet: 1}
    hosts: [a, "b[", {host: c, sla: 120%}]
  rack:
    provider: fake
    sla: {planet: 1}
    hosts: [a, b, {host: "c[1:2]", sla: 120%}]
"""
    shape = "venues.yaml has the wrong shape"
    assert told(tmp_path, text) == [
        (2, 9, "venue 'none' names no provider"),
        (3, 7, shape),
        (4, 6, shape),
        (5, 13, "'bad/name' cannot be the name of a venue"),
        (6, 32, "venue 'never' cannot have been ['docker']"),
        (7, 32, "the sla of venue 'often' cannot be used"),
        (12, 16, "the hosts of venue 'lab' cannot be used"),
        (11, 19, "the sla of venue 'lab' cannot be used"),
        (15, 19, "the sla of venue 'rack' cannot be used"),
        (16, 41, "the sla of venue 'rack:c1' cannot be used"),
    ]


@pytest.mark.parametrize("text", ["", "venues:\n", "{}", "# nothing yet\n"])
def test_a_file_that_names_no_venue_is_an_empty_list(tmp_path, text):
    assert file(tmp_path, text).venues() == BUILT_IN


@pytest.mark.parametrize("text", ["[]", "venues: 3", "venue: {lab: {provider: fake}}"])
def test_a_file_of_another_shape_is_refused(tmp_path, text):
    assert told(tmp_path, text) == [(1, 1, "venues.yaml has the wrong shape")]


def test_a_key_that_stands_twice_is_refused_wherever_it_stands(tmp_path):
    text = """\
venues:
  lab: {provider: fake, pending: 1, pending: 2}
  other: {provider: fake}
  lab:
    provider: fake
    hosts: [a, {host: b, pending: 1, pending: 1}]
"""
    twice = "venues.yaml has a key twice"
    assert sorted(told(tmp_path, text)) == [(2, 37, twice), (4, 3, twice), (6, 38, twice)]


def test_a_key_that_overrides_a_merged_one_stands_once(tmp_path):
    text = """\
venues:
  lab: &lab {provider: fake, pending: 1}
  other: {<<: *lab, pending: 2}
"""
    made = file(tmp_path, text)
    assert made.venues()["other"].configuration == {"pending": 2}
    assert made.venues()["lab"].configuration == {"pending": 1}


def test_a_value_that_yaml_cannot_make_is_no_crash(tmp_path):
    assert told(tmp_path, "venues: {lab: {since: !!timestamp 2026-99-99}}") == [
        (1, 1, "venues.yaml cannot be read")
    ]


def test_a_fake_offering_costs_nothing_or_more(tmp_path):
    made = file(tmp_path, "venues: {toy: {provider: fake, offerings: [{name: a, hourly: -1}]}}")
    (problem,) = Venues(made.venues(), Env(home=tmp_path)).wrong(["toy"])
    assert problem.detail == "venue toy: offerings[0].hourly must be at least 0"


def test_what_a_venue_states_of_its_ways_is_no_setting_of_its_provider(tmp_path):
    text = """\
venues:
  lab:
    provider: fake
    egress: 0.09
    disk: 0.08
    latency: {rack: 12 ms, lab/b: 0.5 ms}
    hosts: [a, {host: b, disk: 0, latency: {rack/x: 7 ms}}]
  rack: {provider: fake}
"""
    found = file(tmp_path, text).venues()
    assert found["lab:a"].egress == found["lab:b"].egress == Decimal("0.09")
    assert found["lab:a"].latency == (("rack", Decimal(12)), ("lab/b", Decimal("0.5")))
    assert found["lab:b"].latency == (("rack/x", Decimal(7)),)
    assert (found["lab:a"].disk, found["lab:b"].disk) == (Decimal("0.08"), 0)
    assert not {"egress", "disk", "latency"} & found["lab:a"].configuration.keys()
    assert (found["rack"].egress, found["rack"].latency) == (0, ())


def test_a_machine_of_a_pool_may_be_spot_by_itself(tmp_path):
    text = """\
venues:
  lab:
    provider: fake
    hosts: [a, {host: b, spot: {interruptions: 5%/month, healing: 2m}}]
  rack: {provider: fake, spot: {interruptions: 2/month}}
"""
    with pytest.raises(BadInput, match="spot of venue 'rack'"):
        file(tmp_path, text).venues()
    found = file(tmp_path, text.replace("2/month}", "2/month, healing: 5m}")).venues()
    assert found["lab:a"].spot is None
    assert found["lab:b"].spot == Spot(interruptions=0.05, healing_s=120)
    assert found["rack"].spot == Spot(interruptions=2, healing_s=300)
    assert "spot" not in found["rack"].configuration


def test_ways_that_cannot_be_used_are_told_in_their_own_lines(tmp_path):
    text = """\
venues:
  a: {provider: fake, egress: -1}
  b: {provider: fake, latency: 12 ms}
  c: {provider: fake, latency: {a: 12}}
  d: {provider: fake, egress: 9 EUR}
"""
    assert told(tmp_path, text) == [
        (2, 31, "the egress of venue 'a' cannot be used"),
        (3, 32, "the latency of venue 'b' cannot be used"),
        (4, 36, "the latency of venue 'c' cannot be used"),
        (5, 31, "the egress of venue 'd' cannot be used"),
    ]


def test_a_way_to_no_venue_is_told_where_it_stands(tmp_path):
    text = """\
venues:
  lab: {provider: fake, latency: {rock/x: 1 ms}, hosts: [a, b]}
  rack: {provider: fake, hosts: [a, {host: b, latency: {docker: 2 ms, lab:a: 3 ms}}]}
"""
    assert told(tmp_path, text) == [
        (2, 43, "the latency of venue 'lab' names 'rock/x', which is none"),
        (3, 78, "the latency of venue 'rack:b' names 'lab:a', which is none"),
    ]


def test_a_way_goes_to_a_venue_by_its_new_name(tmp_path):
    text = """\
venues:
  lab: {provider: fake, latency: {rack/x: 1 ms}, hosts: [a, {host: b, latency: {rack: 2 ms}}]}
  rack: {provider: fake, latency: {lab: 3 ms}}
"""
    venues = file(tmp_path, text)
    venues.rename("rack", "shelf")
    found = venues.venues()
    assert found["lab:a"].latency == (("shelf/x", 1),)
    assert found["lab:b"].latency == (("shelf", 2),)
    assert found["shelf"].latency == (("lab", 3),)


def test_every_setting_that_cannot_be_used_is_told_at_its_own_key(tmp_path):
    text = """\
venues:
  lab:
    sla: {host: 120%, zone: often, planet: 1}
    overcommit: {cpu: 0.5, memory: 200, disk: 2}
    egress: much
    latency: {lab: soon, rock: 1 ms}
    priced: 2026-13-01
    hosts: [a, b, {host: c, sla: {failures: 2/year}}]
  rack: {provider: fake, latency: {rock: 1 ms, lab: 1 ms}, priced: 2026-02-30}
"""
    assert sorted(told(tmp_path, text)) == [
        (3, 5, "venue 'lab' names no provider"),
        *((3, at, "the sla of venue 'lab' cannot be used") for at in (17, 29, 44)),
        *((4, at, "the overcommit of venue 'lab' cannot be used") for at in (23, 36, 47)),
        (5, 13, "the egress of venue 'lab' cannot be used"),
        (6, 20, "the latency of venue 'lab' cannot be used"),
        (7, 13, "the priced of venue 'lab' cannot be used"),
        (8, 34, "the sla of venue 'lab:c' cannot be used"),
        (9, 42, "the latency of venue 'rack' names 'rock', which is none"),
        (9, 68, "the priced of venue 'rack' cannot be used"),
    ]


def test_a_day_stays_as_it_is_written_when_the_file_is_written_anew(tmp_path):
    venues = file(tmp_path, "venues: {lab: {provider: fake, priced: 2026-11-01}}")
    venues.rename("lab", "rack")
    assert "    priced: 2026-11-01\n" in venues.path.read_text()
    assert venues.venues()["rack"].priced == "2026-11-01"


@pytest.mark.parametrize(
    ("stated", "detail"),
    [
        ("egress: null", "it is null, and no price such as 0.09"),
        ("egress: true", "it is true, and no price such as 0.09"),
        ("egress: .nan", "it is NaN, and no price such as 0.09"),
        ("egress: 'much'", "it is 'much', and no price such as 0.09"),
        ("overcommit: {cpu: true}", "cpu is true: write a number from 1 to 100, such as 1.5"),
        ("overcommit: {}", "it is {}: say of which of cpu and memory how many times"),
        ("latency: {lab: null}", "lab is null, and no time such as '12 ms'"),
        ("sla: [no]", "sla is [false]: write a share such as 99.9%"),
        ("priced: null", "it is null, and no day such as 2026-11-01"),
        ("priced: 2026-13-01", "it is '2026-13-01', and no day such as 2026-11-01"),
    ],
)
def test_what_is_wrong_is_told_as_yaml_writes_it(tmp_path, stated, detail):
    with pytest.raises(BadInput) as refused:
        file(tmp_path, f"venues: {{lab: {{provider: fake, {stated}}}}}").venues()
    (problem,) = refused.value.diagnostics
    assert problem.detail == detail


def test_a_price_may_be_a_text(tmp_path):
    made = file(tmp_path, "venues: {lab: {provider: fake, egress: '0.09'}}")
    assert made.venues()["lab"].egress == Decimal("0.09")


def test_a_quota_is_of_the_entry_and_so_of_each_of_its_machines(tmp_path):
    text = """\
venues:
  lab:
    provider: fake
    quota: {cpu: 64, memory: 1.5GiB, gpus: 0.5}
    hosts: [a, b]
  rack:
    provider: fake
    quota: {replicas: 1e2}
"""
    found = file(tmp_path, text).venues()
    lab = Quota(Amounts(cpu=64, memory_mib=1536, gpus=0.5, replicas=inf))
    assert (found["lab:a"].quota, found["lab:b"].quota) == (lab, lab)
    assert lab.stated() == (("cpu", "64"), ("memory", "1536MiB"), ("gpus", "0.5"))
    assert found["rack"].quota == Quota(UNLIMITED._replace(replicas=100))
    assert "quota" not in found["rack"].configuration
    assert found["laptop"].quota is None


def test_a_quota_of_one_machine_is_told_where_it_stands(tmp_path):
    text = """\
venues:
  lab:
    provider: fake
    quota: {cpu: .inf, memory: 12}
    hosts: [a, {host: b, quota: {cpu: 2}}]
"""
    assert sorted(told(tmp_path, text)) == [
        (4, 18, "the quota of venue 'lab' cannot be used"),
        (4, 32, "the quota of venue 'lab' cannot be used"),
        (5, 33, "the quota of venue 'lab:b' cannot be used"),
    ]
