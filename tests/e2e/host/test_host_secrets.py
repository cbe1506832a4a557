"""What replicas are given in secret: where it is, whose it is, and that it goes with them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hostsite import Site, process, until

from moot.provider import Env
from moot.providers.host import HostProvider

SECRET = "correct-horse-battery"
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root has memory and users to give")


def file(content: str = SECRET, mode: int = 0o400) -> dict[str, Any]:
    return {
        "variable": "PASSWORD_FILE",
        "target": "/run/secrets/password",
        "content": content,
        "encoding": "utf-8",
        "mode": mode,
        "secret": True,
    }


def path_of(site: Site) -> Path:
    """Where the only replica, which prints it first, was told its secret is."""
    (item, _) = site.standing[0]
    until(lambda: site.log(item))
    return Path(site.log(item)[0])


def all_files(folder: str) -> bytes:
    return b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())


@pytest.fixture
def crowd(site: Site) -> Site:
    """A machine on which every component is a user of its own."""
    for folder in (site.folder, *site.folder.parents[:2]):
        folder.chmod(0o755)
    env = Env(home=site.folder, environ={"PATH": os.environ["PATH"]})
    configuration = {"local": True, "data": str(site.data), "own_users": True}
    site.provider = HostProvider("laptop", configuration, env)
    return site


def test_a_file_is_for_its_user_alone_and_goes_with_the_replica(site: Site) -> None:
    command = ["sh", "-c", "echo $PASSWORD_FILE; exec sleep 100"]
    item = site.create(process(command, files=[file()]))
    path = path_of(site)
    assert path.read_text() == SECRET
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    in_memory = item.properties["secrets_in"] == "memory"
    assert in_memory != path.is_relative_to(item.identifier)
    assert in_memory != (SECRET.encode() in all_files(item.identifier))
    site.delete(item)
    assert not path.exists()
    assert not path.parent.exists()


def test_bytes_that_are_no_text_arrive_as_they_are(site: Site) -> None:
    content = b"\xff\x00\xfe key"
    command = ["sh", "-c", "echo $PASSWORD_FILE; exec sleep 100"]
    site.create(process(command, files=[file(content.decode("utf-8", "surrogateescape"))]))
    assert path_of(site).read_bytes() == content


def test_a_variable_is_kept_apart_and_is_there_after_every_start(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    command = ["sh", "-c", "test ${#KEY} = 21 && echo right; sleep 0.2"]
    item = site.create(
        process(
            command,
            environment={"KEY": SECRET, "MODE": "a"},
            secret_variables=["KEY"],
            restart={"condition": "any"},
        )
    )
    until(lambda: len(site.log(item)) > 1)
    assert set(site.log(item)) == {"right"}
    assert SECRET not in Path(item.identifier, "spec.json").read_text()
    argv = ["sh", "-c", "echo $MODE $KEY"]
    site.provider.execute(item, argv, tty=False, environment={}, working_dir=None, user=None)
    assert capfd.readouterr().out == f"a {SECRET}\n"


def test_its_last_words_are_told_without_it(site: Site) -> None:
    command = ["sh", "-c", "cat $PASSWORD_FILE; echo; echo $KEY; exit 3"]
    more = {"environment": {"KEY": "an-api-key"}, "secret_variables": ["KEY"]}
    item = site.wait(site.create(process(command, files=[file()], **more)), "failed")
    assert str(item.private["detail"]).splitlines()[-2:] == ["[secret]", "[secret]"]


@AS_ROOT
def test_nobody_reads_the_secrets_of_another_component(crowd: Site) -> None:
    show = ["sh", "-c", "echo $PASSWORD_FILE; id -u; echo $HOME; exec sleep 100"]
    first = crowd.create(process(show, files=[file(mode=0o444)]))
    until(lambda: len(crowd.log(first)) == 3)
    path, owner, home = crowd.log(first)
    assert int(owner) == Path(path).stat().st_uid >= 0x70000000
    assert Path(home).stat().st_uid == int(owner)
    environ = f"/proc/{first.properties['pid']}/environ"
    spy = f"exec 2>&1; cat {path} || ls {home} || cat {environ} || id -u"
    other = crowd.create(process(["sh", "-c", spy], component="other"))
    crowd.wait(other, "completed", "failed")
    assert crowd.log(other)[-1].isdigit()
    assert crowd.log(other)[-1] != owner
    assert SECRET not in "".join(crowd.log(other))


@AS_ROOT
def test_a_component_is_the_same_user_for_ever(crowd: Site) -> None:
    for want in (process(["id", "-u"]), process(["id", "-u"], index=1)):
        crowd.wait(crowd.create(want), "completed")
    crowd.wait(crowd.create(process(["id", "-u"], component="boss", user="root")), "completed")
    first, second, boss = (crowd.log(item)[0] for item, _ in crowd.standing)
    assert first == second
    assert boss == "0"


@AS_ROOT
def test_a_room_that_somebody_else_has_made_is_not_used(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moot.providers.host.onhost import secretfiles

    (tmp_path / "moot").mkdir()
    os.chown(tmp_path / "moot", 65534, 65534)
    monkeypatch.setattr(secretfiles, "ROOMS", (str(tmp_path),))
    monkeypatch.setattr(secretfiles, "IN_MEMORY", {secretfiles._type(str(tmp_path))})
    assert secretfiles.in_memory() is None
    os.chown(tmp_path / "moot", 0, 0)
    assert secretfiles.in_memory() == f"{tmp_path}/moot/secrets"
