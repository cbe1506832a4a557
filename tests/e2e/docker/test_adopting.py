"""adopt and forget at a real Engine: what carries our labels comes back, what does not cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moot.cli.run import run

pytestmark = pytest.mark.docker

COMPOSE = """\
name: {app}
services:
  web:
    image: {image}
    command: [sleep, "1000"]
    stop_signal: SIGKILL
    volumes: ["data:/data"]
volumes: {{data: {{}}}}
"""


@pytest.fixture
def moot(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    busybox: str,
) -> Any:
    """Runs a command; its exit code and what it said."""
    (tmp_path / "compose.yaml").write_text(
        COMPOSE.format(app=f"adopt{tmp_path.name[-1]}", image="moot-tests/busybox:1")
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOOT_HOME", str(tmp_path / "home"))

    def ask(*words: str) -> tuple[int, Any, str]:
        code = run(["--json", *words])
        shown = capsys.readouterr()
        return code, json.loads(shown.out), shown.err

    yield ask
    assert ask("down", "--volumes")[0] == 0


def test_what_was_forgotten_runs_on_and_comes_back(moot: Any) -> None:
    assert moot("--venue", "docker", "up")[0] == 0
    items = {i["type"]: i for i in moot("inventory")[1]["items"]}
    container = items["docker.container"]
    assert moot("forget", container["address"])[0] == 0
    (stray,) = moot("sweep", "--venue", "docker")[1]["strays"]
    assert stray["identifier"] == container["identifier"]
    adopted = ("docker.container", container["identifier"], "--venue", "docker")
    assert moot("adopt", container["address"], *adopted)[0] == 0
    assert moot("--venue", "docker", "plan")[1]["changes"] == []


def test_what_moot_did_not_make_cannot_be_labelled(moot: Any, site: Any) -> None:
    name = f"{site.app}_by_hand"
    site.client.create_volume(name)
    try:
        address = f"{site.app}@docker/volume/data"
        code, said, _ = moot("adopt", address, "docker.volume", name, "--venue", "docker")
        assert code == 4
        assert "labels when it is made, and never again" in said["errors"][0]["detail"]
        assert site.client.inspect_volume(name)["Labels"] is None
    finally:
        site.client.remove_volume(name)
    assert moot("--venue", "docker", "up")[0] == 0  # so that there is something to take down
