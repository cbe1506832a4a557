"""What is read from the machine, and where compose files are looked for."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from moot import reading
from moot.model.diagnostic import BadInput
from moot.passes.parse import Executable, Folder, Parsed, Unreadable

APP = "services: {web: {image: x}}"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def load(*files: str, folder: str | None = None, **environ: str) -> Parsed:
    return reading.load(files, folder, None, (), environ, digest).parsed


def image(result: Parsed) -> str:
    assert result.app is not None, result.diagnostics
    return result.canonical["services"]["web"]["image"]


@pytest.mark.parametrize(
    "name", ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"]
)
def test_found_here_and_above(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "app" / name).write_text(APP)
    monkeypatch.chdir(tmp_path / "app" / "deep" / "er")
    result = load()
    assert image(result) == "x"
    assert result.app is not None
    assert result.app.name == "app"
    assert result.app.folder == str(tmp_path / "app")


def test_override_and_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "compose.yaml").write_text(APP)
    (tmp_path / "compose.override.yaml").write_text("services: {web: {image: 'y:$TAG'}}")
    (tmp_path / ".env").write_text("TAG=3")
    monkeypatch.chdir(tmp_path)
    assert image(load()) == "y:3"
    assert image(load("compose.yaml")) == "x"
    assert image(load(COMPOSE_FILE="compose.override.yaml")) == "y:3"
    assert image(load(TAG="4")) == "y:4"


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        load(folder=str(tmp_path / "none"))
    assert caught.value.diagnostics[0].summary == "No compose file"
    assert caught.value.exit_code == 2


def test_a_named_file_that_is_missing(tmp_path: Path) -> None:
    result = load(str(tmp_path / "none.yaml"))
    assert [d.summary for d in result.diagnostics] == ["Cannot read file"]


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(APP.encode())))
    assert image(load("-")) == "x"


def test_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_bytes(b"1")
    (tmp_path / "program").write_bytes(b"2")
    (tmp_path / "program").chmod(0o755)
    os.mkfifo(tmp_path / "pipe")
    assert reading.read(str(tmp_path)) == Folder(("folder/", "pipe", "plain", "program"))
    assert reading.read(str(tmp_path / "plain")) == b"1"
    assert reading.read(str(tmp_path / "program")) == Executable(b"2")
    assert reading.read(str(tmp_path / "none")) is None
    assert reading.read(str(tmp_path / "plain" / "below")) is None
    assert isinstance(reading.read(str(tmp_path / "pipe")), Unreadable)
    assert isinstance(reading.read("a\0b"), Unreadable)


def test_a_file_of_50_mb_is_not_loaded(tmp_path: Path) -> None:
    big = tmp_path / "compose.yaml"
    with big.open("wb") as file:
        file.truncate(50_000_000)
    found = reading.read(str(big))
    assert isinstance(found, Unreadable)
    assert found.size_bytes == 50_000_000
    result = load(str(big))
    assert [d.summary for d in result.diagnostics] == ["Cannot read file"]
    assert "16777216" in result.diagnostics[0].detail


def test_a_folder_that_contains_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / "again").symlink_to(tmp_path / "loop")
    (tmp_path / "compose.yaml").write_text(
        "services: {web: {image: x, volumes: ['./loop:/loop:ro']}}"
    )
    result = load(str(tmp_path / "compose.yaml"))
    assert result.app is not None
    assert result.app.components[0].mounts[0].kind == "bind"


def test_environment_files_are_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "compose.yaml").write_text("services: {web: {image: 'x:$TAG'}}")
    (tmp_path / "app" / ".env").write_text("TAG=1")
    (tmp_path / "my.env").write_text("TAG=2")
    monkeypatch.chdir(tmp_path)
    assert image(load("app/compose.yaml")) == "x:1"
    assert image(load("app/compose.yaml", COMPOSE_ENV_FILES="my.env")) == "x:2"


def test_a_pipe_from_the_shell(tmp_path: Path) -> None:
    code = "import sys; from moot.reading import read; print(read(sys.argv[1]))"
    command = f"{sys.executable} -c '{code}' <(printf services)"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    assert done.stdout == "b'services'\n", done.stderr
