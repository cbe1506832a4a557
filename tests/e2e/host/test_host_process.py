"""A replica as a plain process: what it is told, where it runs, and what is left when it ends."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

import pytest
from hostsite import Site, process, running, until

from moot.provider import ProviderError, Scope


def environment(site: Site, **changed: object) -> dict[str, str]:
    """What a process finds in its environment."""
    item = site.create(process(["sh", "-c", "env; echo end; exec sleep 100"], **changed))
    until(lambda: "end" in site.log(item))
    return dict(line.split("=", 1) for line in site.log(item) if "=" in line)


def test_runs_until_it_is_deleted_and_leaves_nothing(site: Site) -> None:
    item = site.wait(site.create(process(["sleep", "100"])), "running")
    pid = item.properties["pid"]
    assert Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\0" + b"100\0"
    site.delete(item)
    assert not running(pid)
    assert site.provider.read(item) is None
    assert list(site.folder.iterdir()) == []


def test_survives_the_one_who_started_it(site: Site) -> None:
    item = site.wait(site.create(process(["sleep", "100"])), "running")
    session = os.getsid(item.properties["pid"])
    assert session != os.getsid(0)
    seen = site.again().read(item)
    assert seen is not None
    assert (seen.status, seen.properties["pid"]) == ("running", item.properties["pid"])


def test_is_told_its_ports_and_the_users_environment_wins(site: Site) -> None:
    told = environment(site, targets=[80, 443], environment={"PORT_443": "mine", "N": 5})
    item = site.standing[0][0]
    assert told["PORT"] == told["PORT_80"] == str(item.properties["ports"]["80"])
    assert told["PORT_443"] == "mine"
    assert told["N"] == "5"


def test_gets_nothing_of_the_callers_environment(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the caller's own")
    told = environment(site)
    assert "AWS_SECRET_ACCESS_KEY" not in told
    supervisor = site.status(site.standing[0][0].identifier)
    secrets = Path(f"/proc/{supervisor['supervisor']['pid']}/environ").read_text()
    assert "the caller's own" not in secrets


def test_variables_in_the_command_are_its_own(site: Site) -> None:
    command = ["echo", "port $PORT", "${NAME}!", "$UNKNOWN", "a$"]
    item = site.create(process(command, targets=[80], environment={"NAME": "x"}))
    site.wait(item, "completed")
    port = item.properties["ports"]["80"]
    assert site.log(item) == [f"port {port} x! $UNKNOWN a$"]


def test_secrets_are_in_no_list_name_or_readable_file(site: Site) -> None:
    secret = "correct-horse"
    files = [
        {
            "variable": "PASSWORD_FILE",
            "target": "/run/secrets/password",
            "content": secret,
            "encoding": "utf-8",
            "mode": 0o440,
        }
    ]
    command = ["sh", "-c", "cat $PASSWORD_FILE; echo; exec sleep 100"]
    item = site.create(process(command, environment={"PASSWORD": secret}, files=files))
    until(lambda: secret in site.log(item))
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            assert secret not in line.read_text(errors="replace")
    folder = Path(item.identifier)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "spec.json").stat().st_mode) == 0o600
    assert secret not in str(site.provider.list("host.process", Scope(installation=None), None))


def test_a_file_is_given_as_it_is(site: Site) -> None:
    target = {"target": "/etc/../etc/app/logo.bin", "mode": 0o444}
    content = {"variable": "LOGO_FILE", "content": "AP8QCg==", "encoding": "base64"}
    told = environment(site, files=[{**target, **content}])
    path = Path(told["LOGO_FILE"])
    assert path.read_bytes() == b"\x00\xff\x10\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert path.is_relative_to(Path(site.standing[0][0].identifier) / "files")


def test_scratch_space_goes_with_the_replica(site: Site) -> None:
    path = Path(environment(site, scratch=["VOLUME_TMP"])["VOLUME_TMP"])
    assert path.is_dir()
    site.delete(site.standing[0][0])
    assert not path.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
def test_runs_as_another_user(site: Site) -> None:
    site.folder.chmod(0o755)
    for parent in site.folder.parents[:2]:
        parent.chmod(0o755)
    files = [
        {"variable": "F", "target": "/f", "content": "read", "encoding": "utf-8", "mode": 0o400}
    ]
    command = ["sh", "-c", "id -un; id -G; cat $F; echo; echo $HOME; exec sleep 100"]
    item = site.create(process(command, user="nobody", files=files))
    until(lambda: len(site.log(item)) == 4)
    assert site.log(item)[0] == "nobody"
    assert site.log(item)[2] == "read"


def test_what_cannot_be_is_said_and_leaves_nothing(site: Site) -> None:
    for changed, said in (
        ({"user": "nobody-of-this-name"}, "nobody-of-this-name"),
        ({"working_dir": "/not/there"}, "/not/there is not there"),
        ({"volumes": {"VOLUME_X": "/not/there"}}, "/not/there is to be mounted"),
        ({"volumes": {"VOLUME_X": "missing"}}, "volumes/missing/data is to be mounted"),
    ):
        with pytest.raises(ProviderError, match=said):
            site.create(process(["true"], **changed))
        assert list(site.folder.iterdir()) == []


def test_a_program_that_is_not_there_has_failed(site: Site) -> None:
    item = site.wait(site.create(process(["no-such-program"])), "failed")
    assert item.properties["exit_code"] == 127
    assert "no-such-program" in str(item.private["detail"])


def test_changes_that_need_no_restart(site: Site) -> None:
    want = process(["sh", "-c", "trap '' TERM; sleep 100"], stop_grace_s=60.0)
    item = site.wait(site.create(want), "running")
    changed = process(["sh", "-c", "trap '' TERM; sleep 100"], stop_grace_s=0.1)
    updated = site.update(item, changed)
    assert updated.properties["stop_grace_s"] == 0.1
    assert updated.properties["pid"] == item.properties["pid"]
    site.delete(item)


def test_a_command_in_its_surroundings(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    item = site.create(process(["sleep", "100"], targets=[80], environment={"SECRET": "s"}))
    script = 'echo "$PORT $SECRET $MORE $(pwd)"; exit 7'
    code = site.provider.execute(
        item,
        ["sh", "-c", script],
        tty=False,
        environment={"MORE": "m"},
        working_dir="/usr",
        user=None,
    )
    assert code == 7
    assert capfd.readouterr().out == f"{item.properties['ports']['80']} s m /usr\n"
    missing = site.provider.execute(
        item, ["no-such"], tty=False, environment={}, working_dir=None, user=None
    )
    assert missing == 127


def test_a_command_as_a_user_there_is_not(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    item = site.create(process(["sleep", "100"]))
    code = site.provider.execute(
        item, ["id"], tty=False, environment={}, working_dir=None, user="no-such"
    )
    assert code == 126
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("user no-such: ")


def test_apps_and_installations_stay_apart(site: Site) -> None:
    ours = site.create(process(["sleep", "100"]))
    other = site.create(process(["sleep", "100"], app="shop2"))
    op = site.operation(ours.address or "", installation="there")
    theirs = site.drive(lambda op: site.provider.create(process(["sleep", "100"]), op), op)
    assert theirs is not None
    assert len({ours.identifier, other.identifier, theirs.identifier}) == 3
    scope = Scope(installation="here", app="shop")
    assert [i.identifier for i in site.provider.list("host.process", scope, None).items] == [
        ours.identifier
    ]
    assert site.drive(lambda op: site.provider.delete(theirs, op), op) is None
    assert site.wait(ours, "running")
