"""The availability an App promises: what `plan` and `why` say of it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

SLA = "{zone: 99.99%, host: 99.5%}"

Run = Callable[[str], tuple[int, str, str]]


def declare(promise: str = "99.95%", replicas: int = 2, quorum: int = 1) -> None:
    """An App whose replicas stand apart, as far as they can."""
    moot = {"spread": {"host": max(1, replicas)}, **({"availability": promise} if promise else {})}
    web = {"image": "web", "deploy": {"replicas": replicas}, "x-moot": {"quorum": quorum}}
    Path("compose.yaml").write_text(
        json.dumps({"name": "shop", "x-moot": moot, "services": {"web": web}})
    )


def configure(sla: str, silent: str = "", hosts: tuple[str, ...] = ("h1", "h2", "h3")) -> None:
    """A pool; what is always there is silent, which concerns nobody here."""
    stated = f", sla: {sla}" if sla else ""
    machines = [{"host": h, "silent": h == silent, "world": f"{h}.world"} for h in hosts]
    Path("venues.yaml").write_text(
        f"venues:\n  lab: {{provider: fake, hosts: {json.dumps(machines)}{stated}}}\n"
        "  laptop: {provider: fake, silent: true}\n  docker: {provider: fake, silent: true}\n"
    )


def availability(out: str) -> str:
    return next((line for line in out.splitlines() if line.startswith("Availability")), "")


def test_plan_and_why_say_what_the_placement_gives(moot: Run):
    declare()
    configure(SLA)
    said = (
        "Availability: promised 99.95 %, this placement gives 99.987 % (SLA-implied), "
        "limited by the zone of lab (99.99 %)"
    )
    assert availability(moot("plan")[1]) == said
    assert availability(moot("why web")[1]) == said
    for command in ("plan", "why web"):
        answer = json.loads(moot(f"{command} --json")[1])["availability"]
        assert answer["promised"] == 0.9995
        assert answer["least"] == answer["most"] == pytest.approx(0.9999 * (1 - 0.005**2))
        assert answer["unknown"] == [] and answer["limit"] == "the zone of lab (99.99 %)"


def test_without_a_promise_it_is_said_all_the_same(moot: Run):
    declare(promise="")
    configure("99.5%")
    said = "Availability: this placement gives 99.9975 % (SLA-implied), "
    assert availability(moot("plan")[1]) == f"{said}limited by the machines of lab (99.5 % each)"


def test_without_facts_there_is_no_number(moot: Run):
    declare()
    configure("")
    code, out, _ = moot("plan")
    assert code == 0
    assert availability(out) == (
        "Availability: promised 99.95 %, nothing is known of lab: state its `sla` in venues.yaml"
    )
    answer = json.loads(moot("plan --json")[1])["availability"]
    assert (answer["least"], answer["most"], answer["unknown"]) == (None, None, ["lab"])
    declare(promise="")
    assert availability(moot("plan")[1]) == ""


def test_nothing_is_said_of_an_app_that_has_nothing_up(moot: Run):
    declare(replicas=0)
    configure("")
    code, out, _ = moot("plan")
    assert (code, availability(out)) == (0, "")


def test_a_machine_of_a_pool_may_state_its_own(moot: Run):
    declare(replicas=2, promise="")
    Path("venues.yaml").write_text(
        "venues:\n  lab: {provider: fake, sla: 99%, hosts: [h1, {host: h2, sla: 98%}]}\n"
        "  laptop: {provider: fake, silent: true}\n  docker: {provider: fake, silent: true}\n"
    )
    said = "99.98 % (SLA-implied), limited by the machines of lab (98 % the weakest)"
    assert availability(moot("plan")[1]) == f"Availability: this placement gives {said}"


def test_what_certainly_breaks_the_promise_is_refused(moot: Run):
    declare(promise="99.99%")
    configure(SLA)
    for command in ("plan", "up"):
        code, out, err = moot(command)
        assert (code, out) == (4, "")
        assert "promises 99.99 %, the best placement that was found gives 99.987 %" in err
        assert "limited by the zone of lab (99.99 %)" in err and "run more replicas" in err


def test_a_quorum_weighs(moot: Run):
    declare(promise="99.9%", quorum=2)
    configure(SLA)
    assert moot("plan")[0] == 4
    declare(promise="99.9%", quorum=1)
    assert moot("plan")[0] == 0


def test_what_is_left_of_an_app_is_not_refused(moot: Run):
    """A machine that is down must not keep the App down as well."""
    declare(replicas=1, promise="99.5%")
    configure("{host: 99%}", silent="h1")
    code, out, _ = moot("plan")
    assert code == 0
    assert "promised 99.5 %, this placement gives 99 %" in availability(out)
    configure("{host: 99%}")
    assert moot("plan")[0] == 4


def test_an_sla_that_is_none(moot: Run):
    declare()
    configure("often")
    code, _, err = moot("plan")
    assert code == 2
    assert "the sla of venue 'lab' cannot be used" in err and "sla: 99.9%" in err
    assert "venues.yaml" in err
