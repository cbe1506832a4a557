"""expand: `hosts` of a venue become a member for every machine, and slips are told with a place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moot.model.diagnostic import BadInput
from moot.model.position import Position
from moot.model.venue import Venue
from moot.passes.expand import MOST, expand

SSH_CONFIG = """
Host bastion
  HostName 10.0.0.9
Host lab-* !lab-x
  User root
host lab-1 lab-2
Host=lab-3
Host *
"""


def pool(hosts, **more) -> Venue:
    return Venue(name="lab", provider="host", configuration={"hosts": hosts, **more})


def read(file: str) -> str:
    if file == "missing":
        raise ValueError("missing cannot be read")
    return SSH_CONFIG


def hosts(entries) -> list[str]:
    members = expand(pool(entries), read)
    assert all(m.name.startswith("lab:") and m.pool == "lab" for m in members)
    return [str(m.configuration["host"]) for m in members]


def test_a_venue_without_hosts_is_what_it_was():
    venue = Venue(name="laptop", provider="host", configuration={"local": True})
    assert expand(venue, read) == (venue,)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["10.77.0.[1:3]"], ["10.77.0.1", "10.77.0.2", "10.77.0.3"]),
        (["web[09:11].example"], ["web09.example", "web10.example", "web11.example"]),
        (["db[a,b]"], ["dba", "dbb"]),
        (["r[1:2]n[x,y]"], ["r1nx", "r1ny", "r2nx", "r2ny"]),
        (["h[1,4:5]"], ["h1", "h4", "h5"]),
        ("h[1:2]", ["h1", "h2"]),
        (["a", {"host": "b[1:2]"}], ["a", "b1", "b2"]),
    ],
)
def test_ranges(entries, expected):
    assert hosts(entries) == expected


@given(st.integers(0, 500), st.integers(0, 50), st.integers(1, 5))
def test_a_range_has_every_number_once_and_keeps_its_width(first, more, width):
    text = f"h[{first:0{width}}:{first + more}]"
    assert hosts([text]) == [f"h{n:0{width}}" for n in range(first, first + more + 1)]


def test_each_machine_has_the_pool_s_settings_and_its_own():
    entries = ["a", {"host": "b", "user": "me"}, {"host": "c", "name": "third"}]
    a, b, c = expand(pool(entries, user="root", port=22), read)
    assert a == Venue(
        name="lab:a", provider="host", pool="lab",
        configuration={"host": "a", "user": "root", "port": 22},
    )  # fmt: skip
    assert b.configuration == {"host": "b", "user": "me", "port": 22}
    assert (c.name, c.configuration["host"]) == ("lab:third", "c")
    (odd,) = expand(pool([{"host": "d", 1: 2}]), read)
    assert odd.configuration == {"host": "d", "1": 2}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("ssh://root@build1", "lab:build1"),
        ("ssh://root@build1:2222", "lab:build1:2222"),
        ("root@10.0.0.1", "lab:10.0.0.1"),
        ("unix:///run/one/d.sock", "lab:run-one-d.sock"),
        ("fe80::1%eth0", "lab:fe80::1%eth0"),
    ],
)
def test_a_name_holds_nothing_that_means_something_in_an_address(address, name):
    (member,) = expand(pool([address]), read)
    assert (member.name, member.configuration["host"]) == (name, address)


def test_hosts_of_an_ssh_config_are_those_it_has_a_name_for():
    assert hosts([{"ssh_config": "theirs"}]) == ["bastion", "lab-1", "lab-2", "lab-3"]
    assert hosts([{"ssh_config": "theirs", "match": ["lab-*"]}]) == ["lab-1", "lab-2", "lab-3"]
    own, theirs = (
        expand(pool([{"ssh_config": file, "match": "bastion", "user": "me"}]), read)[0]
        for file in ("~/.ssh/config", "theirs")
    )
    assert own.configuration == {"host": "bastion", "user": "me"}
    assert theirs.configuration == {"host": "bastion", "user": "me", "ssh_config": "theirs"}


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "names no machine"),
        (None, "names no machine"),
        ([3], "3 is neither a host"),
        ([{"user": "me"}], "is neither a host"),
        (["h[3:1]"], "[3:1] is no range"),
        (["h[a:c]"], "[a:c] is no range"),
        (["h[1:"], "the brackets of h[1: do not match"),
        (["h[]"], "leaves out"),
        (["a", "a"], "a is named twice"),
        (["ssh://me@a", "ssh://you@a"], "a is named twice"),
        (["h[1:3]", "h2"], "h2 is named twice"),
        ([f"h[0:{MOST}]"], f"more than {MOST} machines"),
        (["h[1:200]-[1:200]"], f"more than {MOST} machines"),
        ([{"host": "h[1:2]", "name": "x"}], "cannot all be named x"),
        ([{"ssh_config": "theirs", "match": "web*"}], "names no host that matches web*"),
        ([{"ssh_config": "missing"}], "missing cannot be read"),
        ([{"ssh_config": "theirs", "match": 5}], "`match` is 5"),
        ([{"ssh_config": "theirs", "match": ["lab-*", 5]}], "`match` is ['lab-*', 5]"),
        ([{"host": "a", "name": "x/y@z"}], "'x/y@z' cannot stand in an address"),
        (["ssh://"], "'' cannot stand in an address"),
        (["a b"], "'a b' cannot stand in an address"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(entries, words):
    with pytest.raises(BadInput) as refused:
        expand(pool(entries), read, lambda index: Position("venues.yaml", index + 1))
    problem = refused.value.diagnostics[0]
    assert words in problem.detail
    assert problem.remedy
    assert problem.place


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(BadInput) as refused:
        expand(pool(["h[2:1]", "fine", 7]), read, lambda index: Position("venues.yaml", index))
    assert [p.place for p in refused.value.diagnostics] == [
        Position("venues.yaml", 0), Position("venues.yaml", 2),
    ]  # fmt: skip
