"""Venues that give all Apps together no more than so much: what is refused, and what would help."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moot.engine import reserve
from moot.engine.turn import Turn
from moot.model.value import JSON

Run = Callable[[str], tuple[int, str, str]]


def configure(quota: JSON, rack: float = 0, **more: JSON) -> None:
    """A pool of two machines of eight CPUs, and perhaps another venue."""
    room = [{"name": "m", "cpu": 8, "memory_mib": 8192}]
    hosts = [{"host": name, "offerings": room} for name in ("h1", "h2")]
    venues: JSON = {"lab": {"provider": "fake", "hosts": hosts, "quota": quota, **more}}
    if rack:
        dear = [{"name": "m", "cpu": rack, "memory_mib": 8192, "hourly": 0.1}]
        venues["rack"] = {"provider": "fake", "offerings": dear}
    Path("venues.yaml").write_text(json.dumps({"venues": venues}))


def declare(app: str, replicas: int, cpus: float = 1, db: int = 0, **policy: JSON) -> None:
    """A component, and replicas of another one that comes first."""
    needs = {"reservations": {"cpus": str(cpus), "memory": "256M"}}
    web = {"image": "web", "deploy": {"replicas": replicas, "resources": needs}}
    policy = {"venues": ["lab"], **policy}
    services = {"db": {"image": "db", "deploy": {"replicas": db}}, "web": web}
    app_json = {"name": app, "x-moot": policy, "services": services}
    Path(f"{app}.yaml").write_text(json.dumps(app_json))


def test_what_all_apps_have_together_counts(moot: Run):
    configure({"cpu": 10, "memory": "8GiB", "replicas": 100})
    declare("shop", 7)
    declare("blog", 3)
    assert moot("-f shop.yaml up")[0] == 0
    assert moot("-f blog.yaml up")[0] == 0
    declare("blog", 4)
    code, _, err = moot("-f blog.yaml up")
    said = "the quota of lab leaves 3 of 10 CPUs, all 4 replicas need 4"
    assert code == 4
    assert f"lab:h1/m: {said}" in err and f"lab:h2/m: {said}" in err
    declare("wiki", 1)
    code, _, err = moot("-f wiki.yaml plan")
    assert code == 4
    assert "lab:h1/m: the quota of lab leaves 0 of 10 CPUs, it needs 1" in err
    assert moot("-f shop.yaml down")[0] == 0
    assert moot("-f wiki.yaml up")[0] == 0
    assert moot("-f blog.yaml up")[0] == 0


def test_a_check_says_what_is_left(moot: Run):
    configure({"cpu": 10, "memory": "8GiB"})
    declare("shop", 7)
    assert moot("-f shop.yaml up")[0] == 0
    left = "the quota of lab leaves 3 of 10 CPUs, 6400 of 8192 MiB of memory"
    assert moot("venue check lab")[1].count(f"  {left}\n") == 2
    checked = json.loads(moot("venue check --json lab:h1 laptop")[1])["venues"]
    assert [venue["quota"] for venue in checked] == [left, None]


def test_two_that_are_placed_at_once_do_not_get_the_same_part(
    moot: Run, monkeypatch: pytest.MonkeyPatch
):
    configure({"cpu": 10})
    declare("shop", 7)
    declare("blog", 4)
    proposed, waiting = reserve.propose, ["-f blog.yaml up"]

    def overtaken(*given: Any) -> Turn:
        turn = proposed(*given)
        if waiting:
            assert moot(waiting.pop())[0] == 0
        return turn

    monkeypatch.setattr(reserve, "propose", overtaken)
    code, _, err = moot("-f shop.yaml up")
    assert code == 4
    assert "the quota of lab leaves 6 of 10 CPUs, all 7 replicas need 7" in err
    declare("shop", 6)
    assert moot("-f shop.yaml up")[0] == 0


def test_the_conflict_names_the_quota_and_how_much_would_help(moot: Run):
    configure({"cpu": 10, "replicas": 20}, rack=4)
    declare("shop", 7)
    declare("blog", 4)
    assert moot("-f shop.yaml up")[0] == 0
    code, _, err = moot("-f blog.yaml plan")
    assert code == 4
    assert "`venues.lab.quota: {cpu: 10}`" in err
    assert "with `venues.lab.quota: {cpu: 11}`: free" in err
    assert "with `services.web.deploy.replicas: 3`: free" in err
    assert "with `x-moot.venues: [lab, rack]`: 292.00 EUR/month" in err
    assert "replicas: 20" not in err
    (error,) = json.loads(moot("-f blog.yaml plan --json")[1])["errors"]
    found = error["conflict"]
    assert "venues.lab.quota: {cpu: 10}" in [each["promise"] for each in found["promises"]]
    configure({"cpu": 11, "replicas": 20}, rack=4)
    assert moot("-f blog.yaml up")[0] == 0


def test_what_has_no_room_there_goes_elsewhere_and_why_says_so(moot: Run):
    configure({"cpu": 3}, rack=4)
    declare("shop", 4, venues=["lab", "rack"])
    assert moot("-f shop.yaml up")[0] == 0
    assert {run.split("@")[1] for run in addresses(moot, "shop")} == {"rack/container"}
    out = moot("-f shop.yaml why web/0")[1]
    assert "lab:h1/m: its other replicas are on rack" in out
    declare("shop", 1, cpus=4, venues=["lab", "rack"])
    assert moot("-f shop.yaml up")[0] == 0
    out = moot("-f shop.yaml why web/0")[1]
    assert "lab:h1/m: the quota of lab leaves 3 of 3 CPUs, it needs 4" in out


def test_why_counts_what_the_app_has_there_itself(moot: Run):
    configure({"replicas": 3}, rack=8)
    declare("shop", 3)
    assert moot("-f shop.yaml up")[0] == 0
    out = moot("-f shop.yaml why web/0")[1]
    assert "the quota" not in out  # one of them may change places
    configure({"replicas": 2}, rack=8)
    assert moot("-f shop.yaml plan")[0] == 4
    declare("shop", 1, venues=["lab", "rack"], db=2)
    assert moot("-f shop.yaml up")[0] == 0
    out = moot("-f shop.yaml why web/0")[1]
    assert out.startswith("shop/web/0 belongs on rack/m")
    assert "lab:h2/m: the quota of lab leaves 0 of 2 replicas, it needs 1" in out


def test_a_rehearsal_keeps_the_quota(moot: Run):
    configure({"cpu": 8}, rack=2)
    declare("shop", 8, venues=["lab", "rack"])
    assert moot("-f shop.yaml up")[0] == 0
    code, out, _ = moot("-f shop.yaml what-if --lose lab:h1 --json")
    assert (code, json.loads(out)["moves"]) == (0, 4)
    code, out, _ = moot("-f shop.yaml what-if --load x2 --json")
    assert (code, json.loads(out)["lacks"]) == (1, 8)


def test_a_pool_keeps_what_apps_have_of_its_quota_under_another_name(moot: Run):
    configure({"cpu": 10})
    declare("shop", 7)
    declare("blog", 4, venues=["rack"])
    assert moot("-f shop.yaml up")[0] == 0
    assert moot("venue rename lab rack")[0] == 0
    code, _, err = moot("-f blog.yaml plan")
    assert code == 4 and "the quota of rack leaves 3 of 10 CPUs, all 4 replicas need 4" in err


def test_without_a_quota_nothing_is_said_of_one(moot: Run):
    configure({"cpu": 100})
    declare("shop", 17)
    assert "the quota of" not in moot("-f shop.yaml plan")[2]


@pytest.mark.parametrize(
    ("quota", "said"),
    [
        (64, "it is 64: say how much of cpu, memory, gpus, replicas"),
        ({"cpu": -1}, "cpu is -1: write a number from 0 on, such as 64"),
        ({"gpus": True}, "gpus is true: write a number from 0 on, such as 64"),
        ({"replicas": 1.5}, "replicas is 1.5: write a whole number from 0 on, such as 64"),
        ({"memory": 4096}, "memory is 4096: write a size, such as 256GiB"),
        ({"disk": "1TiB"}, "'disk' is none of cpu, memory, gpus, replicas"),
    ],
)
def test_a_quota_that_is_none(moot: Run, quota: JSON, said: str):
    declare("shop", 1)
    configure(quota)
    code, _, err = moot("-f shop.yaml plan")
    assert code == 2
    assert "the quota of venue 'lab' cannot be used" in err and said in err
    assert "venues.yaml" in err and "`quota: {cpu: 64}`" in err


def test_one_machine_of_a_pool_has_none_of_its_own(moot: Run):
    room = [{"name": "m", "cpu": 8, "memory_mib": 8192}]
    hosts = [{"host": "h1", "offerings": room, "quota": {"cpu": 2}}]
    lab = {"provider": "fake", "hosts": hosts}
    Path("venues.yaml").write_text(json.dumps({"venues": {"lab": lab}}))
    declare("shop", 1)
    code, _, err = moot("-f shop.yaml plan")
    assert code == 2
    assert "the quota of venue 'lab:h1' cannot be used" in err
    assert "a quota is one of all machines of a pool together" in err and "beside `hosts`" in err
    out = moot("venue check lab")[1]
    assert "cannot be used" in out and "leaves" not in out


def addresses(moot: Run, app: str) -> list[str]:
    items = json.loads(moot(f"inventory --all --json -p {app}")[1])["items"]
    return [item["address"] for item in items if item["address"].startswith(f"{app}/web/")]
