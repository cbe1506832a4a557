"""Health checks run in the replica's surroundings and count as Docker's do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hostsite import Site, process, running, until


def check(*test: str, **changed: float) -> dict[str, Any]:
    usual = {
        "interval_s": 0.1,
        "timeout_s": 5.0,
        "retries": 2,
        "start_period_s": 0.0,
        "start_interval_s": 0.1,
    }
    return {"test": list(test), **usual, **changed}


def test_it_becomes_healthy_unhealthy_and_healthy(site: Site, tmp_path: Path) -> None:
    flag = tmp_path / "well"
    probe = check("sh", "-c", f'test -e {flag} || {{ echo "no $NAME"; exit 1; }}')
    want = process(["sleep", "100"], environment={"NAME": "flag"}, healthcheck=probe)
    flag.touch()
    item = site.wait(site.create(want), "healthy")
    flag.unlink()
    ill = site.wait(item, "unhealthy")
    assert re.search(r"^health check failed \d+ times: no flag$", str(ill.private["detail"]), re.M)
    assert ill.properties["pid"] == item.properties["pid"]
    flag.touch()
    assert site.wait(item, "healthy")
    flag.unlink()


def test_until_the_first_success_it_is_starting(site: Site, tmp_path: Path) -> None:
    flag = tmp_path / "well"
    probe = check("test", "-e", str(flag), start_period_s=30.0)
    item = site.create(process(["sleep", "100"], healthcheck=probe))
    until(lambda: site.wait(item, "starting").properties["pid"])
    assert not site.wait(item, "starting").has_reached("healthy")
    flag.touch()
    assert site.wait(item, "healthy")
    flag.unlink()


def test_after_the_start_period_it_is_unhealthy(site: Site) -> None:
    probe = check("false", start_period_s=0.3)
    item = site.create(process(["sleep", "100"], healthcheck=probe))
    assert site.wait(item, "unhealthy").has_reached("started")


def test_what_stays_unhealthy_is_so_since_it_became_so(site: Site) -> None:
    item = site.create(process(["sleep", "100"], healthcheck=check("false")))
    first = site.wait(item, "unhealthy")
    status = Path(item.identifier, "status.json")
    until(lambda: json.loads(status.read_text())["failing"] > 4)
    assert site.wait(item, "unhealthy").since == first.since


def test_a_probe_that_hangs_is_killed_with_its_children(site: Site) -> None:
    script = "echo $$ >&2; sleep 1000 & sleep 1000"
    log = site.folder / "pids"
    probe = check("sh", "-c", f"echo $$ >> {log}; {script}", timeout_s=0.2, interval_s=0.2)
    item = site.create(process(["sleep", "100"], healthcheck=probe))
    site.wait(item, "unhealthy")
    first = int(log.read_text().split()[0])
    assert not running(first)
    log.unlink()
    site.delete(item)
    log.unlink(missing_ok=True)


def test_the_port_is_known_to_the_probe(site: Site) -> None:
    probe = check("sh", "-c", "test -n $PORT && test $0 = $PORT", "$PORT")
    item = site.create(process(["sleep", "100"], targets=[80], healthcheck=probe))
    assert site.wait(item, "healthy")
