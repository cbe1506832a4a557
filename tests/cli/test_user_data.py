"""`moot machine user-data`: what it prints, and what it refuses."""

import json
import subprocess
import sys

import pytest


@pytest.fixture
def ask(tmp_path):
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "id")], check=True
    )

    def said(*words):
        argv = [sys.executable, "-m", "moot", "machine", "user-data", *words]
        return subprocess.run(
            argv,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "MOOT_HOME": str(tmp_path / "home"), "PATH": "/usr/bin"},
        )

    return said


def test_the_key_in_a_file_is_let_in_and_the_machine_is_pinned(ask, tmp_path):
    ran = ask("--ssh-key", "id.pub", "--host-key", "web1.key")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.removeprefix("#cloud-config\n"))
    assert told["users"][0]["ssh_authorized_keys"] == [(tmp_path / "id.pub").read_text().strip()]
    shown = subprocess.run(
        ["ssh-keygen", "-lf", str(tmp_path / "web1.key")], capture_output=True, text=True
    ).stdout.split()[1]
    assert f"host_key={shown}" in ran.stderr
    assert (tmp_path / "web1.key").stat().st_mode & 0o777 == 0o600
    again = ask("--ssh-key", "id.pub", "--host-key", "web1.key")
    assert again.stdout == ran.stdout  # the key that was made is kept


def test_the_users_own_key_is_taken_where_none_is_named(ask, tmp_path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id_ed25519.pub").write_text((tmp_path / "id.pub").read_text())
    assert json.loads(ask("--json").stdout)["documents"][0]["format"] == "cloud-init"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "nobody could log in"),
        (("--ssh-key", "id"), "must never leave your machine"),
        (("--ssh-key", "nothing.pub"), "cannot be read"),
        (("--ssh-key", "id.pub", "--user", "no body"), "is not a user name"),
        (("--ssh-key", "id.pub", "--hostname", "no host"), "write one like web1.example"),
        (("--ssh-key", "id.pub", "--format", "kickstart"), "there is no format 'kickstart'"),
        (("--ssh-key", "id.pub", "--format", "ignition", "--package", "x"), "installs no packages"),
        (("--ssh-key", "id.pub", "--put", "relative=id.pub"), "TARGET=SOURCE"),
        (("--ssh-key", "id.pub", "--unit", "id.pub"), "the name of a systemd unit"),
        (("--ssh-key", "id.pub", "--host-key", "id.pub"), "holds no host key"),
        (("--ssh-key", "id.pub", "--host-key", "no/such.key"), "make the folder no first"),
        (("--ssh-key", "id.pub", "--host-key", "id.pub/key"), "cannot be read or made"),
        (("--ssh-key", "id.pub", "--unit", "latin1.service"), "byte 10 belongs to no character"),
    ],
)
def test_what_cannot_be_used_is_refused(ask, tmp_path, words, reason):
    (tmp_path / "latin1.service").write_bytes("# service\u00e9\n".encode("latin-1"))
    ran = ask(*words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert reason in ran.stderr
    assert "Traceback" not in ran.stderr
