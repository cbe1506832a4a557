"""GPUs on the command line: who has which, who has none, and what would help."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

VENUES = """\
venues:
  lab:
    provider: fake
    hosts:
      - {host: h1, world: h1.world, offerings: [{name: room, cpu: 8, gpus: 4}]}
      - {host: h2, world: h2.world, offerings: [{name: room, cpu: 8, gpus: 1}]}
      - {host: h3, world: h3.world, offerings: [{name: room, cpu: 8}]}
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""
COMPOSE = """\
name: shop
x-moot: {venues: [lab]}
services:
  train:
    x-moot: {process: {command: [train]}}
    gpus:
      - {count: 2}
  serve:
    x-moot:
      process: {command: [serve]}
      gpu: 0.25
    deploy: {replicas: 3}
"""

Run = Callable[[str], tuple[int, str, str]]


def gpus(moot: Run) -> dict[str, list[int]]:
    """By replica those that are asked of its venue, with the venue's name in front."""
    items = json.loads(moot("inventory --json")[1])["items"]
    return {
        item["address"].partition("@")[0]: [item["venue"], *item["properties"].get("gpus", [])]
        for item in items
        if item["type"] == "fake.process"
    }


def test_each_replica_has_gpus_of_its_own_and_keeps_them(moot: Run):
    assert moot("up")[0] == 0
    before = gpus(moot)
    assert before["shop/train/0"] == ["lab:h1", 0, 1]
    taken = [tuple(before[f"shop/serve/{n}"]) for n in range(3)]
    assert not {("lab:h1", 0), ("lab:h1", 1)} & {*taken}
    assert moot("plan --exit-code")[0] == 0
    Path("compose.yaml").write_text(COMPOSE.replace("replicas: 3", "replicas: 4"))
    assert moot("up")[0] == 0
    after = gpus(moot)
    assert {replica: after[replica] for replica in before} == before
    assert after.keys() - before.keys() == {"shop/serve/3"}


def test_what_has_not_enough_says_how_many_are_left(moot: Run):
    code, out, _ = moot("why --json train/0")
    assert code == 0
    assert json.loads(out)["gpus"] == [0, 1]
    assert "  GPUs: 0, 1\n" in moot("why train/0")[1]
    reasons = {r["venue"]: r["reason"] for r in json.loads(out)["rejections"]}
    assert reasons["lab:h2"] == "has 1 GPU, it needs 2"
    assert reasons["lab:h3"] == "lacks gpu"


def test_a_refusal_names_the_line_and_what_would_help(moot: Run):
    Path("compose.yaml").write_text(COMPOSE.replace("count: 2", "count: 5"))
    code, _, err = moot("plan")
    assert code == 4
    assert "lab:h1/room: has 4 GPUs, it needs 5" in err
    Path("compose.yaml").write_text(COMPOSE.replace("gpu: 0.25", "gpu: 2"))
    code, _, err = moot("plan")
    assert code == 4
    assert "lab:h1/room: has GPUs for 1 of all 3" in err
    assert "`services.serve.x-moot.gpu: 2`" in err
    assert "compose.yaml:11" in err
    assert "with `services.serve.deploy.replicas: 1`" in err
    assert "with `services.serve.x-moot.gpu: 1`" in err


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("gpus: all", "gpus: all"),
        ("gpus: [{count: 99999999999}]", "gpus: 99999999999"),
        ("x-moot: {gpu: all}", "x-moot.gpu: all"),
        ("gpus: [{count: 1}]\n    x-moot: {gpu: 9999}", "x-moot.gpu: 9999"),
        (
            "deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: 9}]}}}",
            "deploy.resources.reservations.devices: 9",
        ),
    ],
)
def test_a_conflict_names_the_key_that_was_written(asked: str, key: str, moot: Run):
    Path("compose.yaml").write_text(f"""\
name: shop
x-moot: {{venues: [lab]}}
services:
  web:
    image: web
    scale: 9
    {asked}
""")
    code, _, err = moot("plan")
    assert code == 4 and f"`services.web.{key}`" in err
    assert "e+" not in err


def test_more_load_has_room_for_some(moot: Run):
    """Six want one each of five GPUs, of one of which others have parts."""
    text = COMPOSE.replace("count: 2}", "count: 1}\n    deploy: {replicas: 2}")
    Path("compose.yaml").write_text(text.replace("replicas: 3", "replicas: 1"))
    assert moot("up")[0] == 0
    before = gpus(moot)
    code, out, err = moot("what-if --load x3")
    assert code == 1
    assert "no venue can run component 'train'" in err
    found = json.loads(moot("what-if --load x3 --json")[1])
    rows = {(f["component"], f["fate"]): f for f in found["fates"]}
    assert rows["train", "lacks"]["replicas"] == [4, 5]
    assert rows["train", "lacks"]["reason"] == "there is room for 4 of 6"
    assert "there is room for 4 of 6" in out
    assert gpus(moot) == before
