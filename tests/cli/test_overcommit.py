"""Venues that give away more than there is: what fits, what does not, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from moot.model.value import JSON

Run = Callable[[str], tuple[int, str, str]]

TWICE: JSON = {"cpu": 2, "memory": 1.5}


def configure(overcommit: JSON, own: JSON = None) -> None:
    """Two machines of four CPUs and 4096 MiB; `own` is what the second says of itself."""
    machine = {"offerings": [{"name": "m", "cpu": 4, "memory_mib": 4096}]}
    more = {"overcommit": own} if own else {}
    hosts = [{"host": "h1", **machine}, {"host": "h2", **machine, **more}]
    lab = {"provider": "fake", "hosts": hosts, **({"overcommit": overcommit} if overcommit else {})}
    Path("venues.yaml").write_text(json.dumps({"venues": {"lab": lab}}))


def declare(replicas: int, cpus: float = 1, memory: str = "256M") -> None:
    needs = {"reservations": {"cpus": str(cpus), "memory": memory}}
    web = {"image": "web", "deploy": {"replicas": replicas, "resources": needs}}
    Path("compose.yaml").write_text(
        json.dumps({"name": "shop", "x-moot": {"venues": ["lab"]}, "services": {"web": web}})
    )


def counts(out: str) -> Mapping[str, int]:
    made = [c["venue"] for c in json.loads(out)["changes"] if "/web/" in c["address"]]
    return {venue: made.count(venue) for venue in sorted({*made})}


def test_so_many_times_is_given_away_and_no_more(moot: Run):
    declare(16)
    configure(None)
    assert moot("plan")[0] == 4
    configure(TWICE)
    code, out, _ = moot("plan --json")
    assert (code, counts(out)) == (0, {"lab:h1": 8, "lab:h2": 8})
    declare(17)
    assert moot("plan")[0] == 4
    declare(12, 0.25, "1G")
    assert moot("plan")[0] == 0
    declare(13, 0.25, "1G")
    assert moot("plan")[0] == 4


def test_one_replica_needs_no_more_than_the_machine_has(moot: Run):
    configure(TWICE)
    for cpus, memory, said in (
        (5, "1G", "lab:h1/m: has 4 CPUs for one replica, it needs 5"),
        (1, "5G", "lab:h1/m: has 4096 MiB of memory for one replica, it needs 5120"),
    ):
        declare(1, cpus, memory)
        code, _, err = moot("plan")
        assert code == 4 and said in err
    declare(4, 4)
    assert counts(moot("plan --json")[1]) == {"lab:h1": 2, "lab:h2": 2}


def test_a_machine_may_state_its_own(moot: Run):
    configure({"cpu": 2}, own={"cpu": 1})
    declare(12)
    assert counts(moot("plan --json")[1]) == {"lab:h1": 8, "lab:h2": 4}
    declare(13)
    assert moot("plan")[0] == 4


def test_plan_and_why_say_so(moot: Run):
    configure(TWICE)
    declare(15)
    counted = "of 4 CPUs counted twice and 4096 MiB of memory counted 1.5 times"
    assert f"on lab:h1/m {counted}, free" in moot("plan")[1]
    assert moot("up")[0] == 0
    out = moot("why web/0")[1]
    assert f"as a container, {counted}" in out
    assert json.loads(moot("why web/0 --json")[1])["chosen"].endswith(counted)
    assert json.loads(moot("plan --json")[1])["changes"] == []
    declare(16)
    assert moot("up")[0] == 0
    assert f"has 0 of 8 CPUs left ({counted}), it needs 1" in moot("why web/0")[1]
    configure(None)
    assert "counted" not in moot("why web/0")[1]


def test_offerings_say_of_how_much(moot: Run):
    configure({"cpu": 2}, own={"cpu": 1, "memory": 1.5})
    rows = [line.split("  ") for line in moot("offerings lab")[1].splitlines()[1:]]
    cells = {(cell.strip()) for row in rows for cell in row}
    assert {"8 of 4", "6 of 4"} <= cells
    first, second = json.loads(moot("offerings lab --json")[1])["offerings"]
    assert (first["cpu"], first["own_cpu"], first["own_memory_mib"]) == (8, 4, None)
    assert (second["own_cpu"], second["memory_mib"], second["own_memory_mib"]) == (None, 6144, 4096)


def test_a_rehearsal_counts_alike(moot: Run):
    configure(TWICE)
    declare(8, 2)
    assert moot("up")[0] == 0
    code, out, _ = moot("what-if --lose h1 --json")
    answer = json.loads(out)
    assert (code, answer["stops"], answer["stays"]) == (1, 4, 4)
    declare(4, 2)
    assert moot("up")[0] == 0
    code, out, _ = moot("what-if --lose h1 --json")
    assert (code, json.loads(out)["moves"]) == (0, 4)


@pytest.mark.parametrize(
    ("overcommit", "said"),
    [
        (2, "it is 2: say of which of cpu and memory how many times"),
        ({"cpu": 0.5}, "cpu is 0.5: write a number from 1 to 100"),
        ({"memory": "much"}, "memory is 'much': write a number from 1 to 100"),
        ({"disk": 2}, "'disk' is none of cpu, memory"),
    ],
)
def test_an_overcommit_that_is_none(moot: Run, overcommit: JSON, said: str):
    declare(1)
    configure(overcommit)
    code, _, err = moot("plan")
    assert code == 2
    assert "the overcommit of venue 'lab' cannot be used" in err and said in err
    assert "venues.yaml" in err and "write `overcommit: {cpu: 2}`" in err
