"""Every command on the fake venue: what it prints, its envelope, and its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from moot.cli.run import run
from moot.cli.table import COMMANDS

COMPOSE = """\
name: shop
services:
  web:
    image: web
    ports: ["8080:8080"]
    deploy: {replicas: 2}
    environment: {GREETING: "costs $$5", OFF: "no", NUMBER: "1e3"}
    depends_on: [db]
  db:
    image: db
    volumes: ["data:/data"]
volumes: {data: {}}
"""
# The two that are always there are made fake too: what this machine has is not the question here.
VENUES = """\
venues:
  toy: {provider: fake}
  laptop: {provider: fake}
  docker: {provider: fake}
"""
NOTE = {"type": "object", "required": ["summary", "detail", "remedy", "place"]}
STALE = {"type": "object", "required": ["venue", "since"]}

Answer = Callable[..., tuple[int, dict[str, Any]]]


def listed(name: str, *fields: str) -> Any:
    """The schema of an envelope with a list of objects that have `fields`."""
    entry = {"type": "object", "required": list(fields)}
    return {"required": [name], "properties": {name: {"type": "array", "items": entry}}}


CHANGES = listed("changes", "verb", "address", "incarnation", "type", "venue", "reason", "replaces")
REPLICAS = listed(
    "replicas", "replica", "component", "venue", "offering", "status", "endpoints", "since"
)
ITEMS = listed(
    "items",
    *("address", "type", "venue", "identifier", "managed", "status", "properties"),
    *("depends_on", "observed_at"),
)
ENVELOPE = {
    "type": "object",
    "required": ["version", "errors", "stale"],
    "properties": {
        "version": {"const": 1},
        "errors": {"type": "array", "items": NOTE},
        "stale": {"type": "array", "items": STALE},
    },
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an App and one venue, and a home for it."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "venues.yaml").write_text(VENUES)
    (tmp_path / "id.pub").write_text("ssh-ed25519 AAAA somebody\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOOT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOOT_VENUES", str(tmp_path / "venues.yaml"))
    return tmp_path


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Answer:
    """Runs a command with --json; its exit code and what it answered."""

    def ask(line: str) -> tuple[int, dict[str, Any]]:
        code = run(["--venue", "toy", "--json", *line.split()])
        return code, json.loads(capsys.readouterr().out)

    return ask


@pytest.fixture
def text(capsys: pytest.CaptureFixture[str]) -> Callable[[str], tuple[int, str, str]]:
    """Runs a command; its exit code, stdout and stderr."""

    def ask(line: str) -> tuple[int, str, str]:
        code = run(["--venue", "toy", *line.split()])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return ask


ANSWERS = [
    ("plan", CHANGES),
    ("plan", {"required": ["cost", "availability", "worst_failure", "findings"]}),
    ("up", CHANGES),
    ("up", REPLICAS),
    ("up", {"required": ["done", "interrupted", "standing", "kept_volumes"]}),
    ("ps", REPLICAS),
    ("ps --all", REPLICAS),
    ("inventory", ITEMS),
    ("inventory --all", ITEMS),
    ("why web", {"required": ["replica", "chosen", "price", "alternatives", "rejections"]}),
    ("what-if --load x2", listed("fates", "component", "fate", "replicas", "source", "target")),
    ("offerings", listed("offerings", "vendor", "venue", "region", "type", "hourly", "priced")),
    ("offerings --configured", {"required": ["total", "market"]}),
    ("offerings refresh --forget", {"required": ["regions", "forgotten"]}),
    ("compare", listed("estimates", "vendors", "own")),
    ("compare", {"required": ["own", "free", "now", "unstated", "arm64", "unzoned", "no_spot"]}),
    ("config", {"required": ["name", "services"]}),
    ("config --images", {"properties": {"images": {"const": ["db", "web"]}}}),
    ("history shop/web/0@toy/container", listed("versions", "at", "address", "cause", "item")),
    ("inventory --at 1s --type fake.process", ITEMS),
    ("diff --from 1h", listed("differences", "address", "kind", "at", "cause", "paths")),
    ("sweep", listed("strays", "address", "type", "identifier", "app", "explained", "keeps_data")),
    ("recover --yes", ITEMS),
    ("recover --yes", {"required": ["installation", "generation", "known", "others"]}),
    ("forget shop/web/0@toy/container", ITEMS),
    ("logs", listed("lines", "replica", "at", "stream", "text")),
    ("venue list", listed("venues", "name", "provider", "problems")),
    ("venue check toy", listed("venues", "name", "provider", "identity", "offerings")),
    ("venue add lab fake latency_s=0", listed("venues", "name", "provider")),
    ("venue rename toy attic", listed("venues", "name")),
    (
        "machine user-data --ssh-key id.pub",
        listed("documents", "format", "text", "host_key"),
    ),
    ("volume ls", listed("volumes", "name", "address", "venue", "identifier", "used_by")),
    ("secret ls", listed("secrets")),
    ("doctor", listed("checks", "name", "ok", "required", "remedy")),
    ("schema", listed("schemas", "properties")),
    ("completion bash", listed("scripts", "shell", "text")),
    ("version", listed("versions", "name", "version")),
    ("down", CHANGES),
    ("down --volumes", {"required": ["done", "kept_volumes"]}),
]


@pytest.mark.parametrize(("line", "schema"), ANSWERS)
def test_envelope(line: str, schema: Any, answer: Answer):
    assert line == "up" or answer("up")[0] == 0
    code, said = answer(line)
    assert code == 0 or line == "doctor"
    jsonschema.validate(said, {"allOf": [ENVELOPE, schema]})
    assert next(iter(said)) == "version"


def test_every_command_that_answers_is_tried():
    tried = {line for line, _ in ANSWERS}
    elsewhere = {"adopt", "exec", "provider test", "undo", "venue remove", "volume rm"}
    elsewhere |= {"secret forget", "facts", "run"}
    for command in COMMANDS:
        here = any(f"{line} ".startswith(f"{command.name} ") for line in tried)
        assert here != (command.name in elsewhere), command.name


def test_a_second_up_says_no_changes(text: Any):
    code, out, err = text("up")
    assert code == 0
    assert "+ shop/web/0@toy" in out and "Plan: " in out
    assert "web  http://127.0.0.1:8080  2 running" in out
    assert "created shop/web/0@toy" in err
    code, out, err = text("up")
    assert (code, err) == (0, "")
    assert out.lower().startswith("no changes.")


def test_plan_exit_code(text: Any):
    assert text("plan")[0] == 0
    assert text("plan --exit-code")[0] == 3
    assert text("up --quiet")[1:] == ("", "")
    code, out, _ = text("plan --exit-code")
    assert code == 0 and "no changes" in out.lower()


def test_why_does_not_say_that_it_runs_before_it_does(text: Any):
    code, out, _ = text("why web")
    assert code == 0
    assert out.startswith("shop/web/0 belongs on toy/")


def test_down_keeps_volumes_and_says_so(text: Any):
    text("up")
    code, _, err = text("down")
    assert code == 0 and "kept: " in err and "moot down --volumes" in err
    assert "data" in text("volume ls")[1]
    assert text("volume rm data")[0] == 0
    assert text("volume ls")[1] == ""
    assert "No changes." in text("down")[1]


def test_a_volume_in_use_is_refused(text: Any, answer: Answer):
    text("up")
    code, out, err = text("volume rm data")
    assert (code, out) == (4, "") and "data" in err
    code, said = answer("volume rm data")
    assert code == 4 and said["version"] == 1 and "data" in json.dumps(said["errors"])
    assert len(answer("volume ls")[1]["volumes"]) == 1


REFUSALS = [
    ("bogus", 2),
    ("up --bogus", 2),
    ("-f nowhere.yaml plan", 2),
    ("-f broken.yaml config", 2),
    ("--venue nowhere plan", 2),
    ("why nobody", 2),
    ("history nothing", 2),
    ("logs nobody", 2),
    ("logs --tail x", 2),
    ("logs --since x", 2),
    ("venue add toy fake", 2),
    ("venue add new nothing", 2),
    ("venue add new fake bogus=1", 2),
    ("venue add new fake latency_s", 2),
    ("venue add new fake latency_s=[", 2),
    ("venue remove nobody", 2),
    ("venue rename nobody x", 2),
    ("volume rm nothing", 2),
    ("exec nobody true", 2),
    ("undo", 2),
    ("diff", 2),
    ("diff --from yesterday", 2),
    ("inventory --at soon", 2),
    ("ps --max-age long", 2),
    ("forget nothing@toy/process", 2),
    ("adopt nothing fake.process x", 2),
    ("adopt shop/web/9@toy/container fake.bogus x", 2),
    ("adopt shop/web/9@toy/container fake.process x", 2),
    ("completion tcsh", 2),
]


@pytest.mark.parametrize(("line", "code"), REFUSALS)
def test_bad_input(line: str, code: int, text: Any, answer: Answer, folder: Path):
    (folder / "broken.yaml").write_text("services:\n  web: {image: a, prots: []}\n  db: [\n")
    got, out, err = text(line)
    assert (got, out) == (code, "")
    assert err.startswith("error: ") and "Traceback" not in err and "internal" not in err
    assert len(err.splitlines()) > 1, "an error says what to do"
    got, said = answer(line)
    assert got == code
    jsonschema.validate(said, {"properties": {"errors": {"items": NOTE, "minItems": 1}}})
    assert said["version"] == 1


def test_a_failure_says_what_stands(folder: Path, text: Any, answer: Answer):
    fault = "{verb: create, address: 'shop/web/*', code: AccessDenied}"
    (folder / "venues.yaml").write_text(
        VENUES.replace("toy: {provider: fake", f"toy: {{provider: fake, faults: [{fault}]")
    )
    code, _, err = text("up")
    assert code == 1
    assert "could not create shop/web/0@toy" in err
    assert "what stands:\n" in err and "  shop/db/0@toy" in err
    assert err.endswith("moot up goes on from here\n")
    code, said = answer("up")
    assert code == 1 and said["errors"] and said["standing"]
    (folder / "venues.yaml").write_text(VENUES)
    assert text("up")[0] == 0


def test_config_is_read_alike_by_everyone(text: Any):
    _, out, _ = text("config")
    assert "NUMBER: '1e3'" in out and "'OFF': 'no'" in out and "costs $$5" in out
    Path("again.yaml").write_text(out)
    assert text("-f again.yaml config")[1] == out


def test_config_lists(text: Any):
    assert text("config --services")[1] == "db\nweb\n"
    assert text("config --volumes")[1] == "data\n"
    assert text("config --quiet") == (0, "", "")


def test_trace_goes_to_stderr(text: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOOT_TRACE", "1")
    _, out, err = text("plan")
    assert any(line.startswith("trace: toy ") for line in err.splitlines())
    assert "trace: " not in out


def test_a_defect_of_ours_reads_like_an_answer(
    text: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    (folder / "home").write_text("a file where a folder must be")
    code, out, err = text("ps")
    assert (code, out) == (1, "")
    assert err.startswith("error: ") and "Traceback" not in err


def test_ctrl_c_is_resumable(folder: Path):
    slow = VENUES.replace("toy: {provider: fake", "toy: {provider: fake, latency_s: 0.2")
    (folder / "venues.yaml").write_text(slow)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-m", "moot", "--venue", "toy", "up"]
    with subprocess.Popen(
        argv, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr
        assert process.stderr.readline().startswith("[1/")
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(30) == 130
    assert "finishing what is in flight" in rest
    assert rest.endswith("moot up goes on from here\n")
    assert again(argv, environ).returncode == 0
    assert "No changes." in again(argv, environ).stdout


def again(argv: list[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The same command once more."""
    return subprocess.run(argv, env=environ, text=True, capture_output=True, check=False)
