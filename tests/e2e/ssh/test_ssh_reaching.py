"""Getting to a machine over SSH: who is let in, whose key is believed, and what helps if not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from moot.provider import Env, ProviderError
from moot.providers.host import HostProvider

pytestmark = pytest.mark.ssh


@pytest.fixture(scope="module")
def host(ssh_hosts: Any) -> Any:
    with ssh_hosts.fresh(1) as (machine,):
        yield machine


@pytest.fixture
def env(tmp_path: Path) -> Env:
    return Env(home=tmp_path, environ={"PATH": os.environ["PATH"]})


def test_it_says_what_the_machine_is(host: Any, env: Env) -> None:
    provider = HostProvider("lab", host.venue(price=0.25, traits=["rack:7"]), env)
    (offering,) = provider.offerings()
    assert offering.machine == provider.identity()
    assert offering.machine == f"machine:{(host.root / 'etc/machine-id').read_text().strip()}"
    assert offering.reach == host.address
    assert str(offering.hourly) == "0.25"
    assert {"runs:process", "os:debian", "os:debian-12", "rack:7"} <= offering.traits
    assert provider.facts()["host"] == host.name


def test_asking_leaves_nothing_there(ssh_hosts: Any, env: Env) -> None:
    with ssh_hosts.fresh(1) as (clean,):
        before = clean.run("find", "/", "-xdev", "-newer", "/proc/1/cmdline", "-type", "f")
        provider = HostProvider("lab", clean.venue(), env)
        assert provider.facts()["writable"]
        assert not (clean.root / "var/lib/moot").exists()
        assert clean.run("find", "/", "-xdev", "-newer", "/proc/1/cmdline", "-type", "f") == before


def test_connecting_and_facts_are_one_round_trip(host: Any, tmp_path: Path) -> None:
    errands: list[str] = []
    traced = Env(
        home=tmp_path,
        environ={"PATH": os.environ["PATH"]},
        trace=lambda venue, line: errands.append(line),
    )
    provider = HostProvider("lab", host.venue(persist_s=7), traced)
    provider.identity()
    provider.offerings()
    assert errands == []


def test_sudo_makes_an_ordinary_user_root(host: Any, env: Env) -> None:
    ordinary = HostProvider("lab", host.venue(user="ops"), env)
    assert ordinary.facts()["user"] == 1000
    assert "/ops/.local/share/moot/" in ordinary.machine.data
    root = HostProvider("lab", host.venue(user="ops", sudo=True), env)
    assert root.facts()["user"] == 0
    assert root.machine.data.startswith("/var/lib/moot/")


def test_a_pinned_key_is_believed_whatever_is_known(host: Any, env: Env) -> None:
    pinned = host.venue(host_key=host.host_key, ssh_config="/dev/null")
    assert HostProvider("lab", pinned, env).facts()["host"] == host.name


REFUSALS = {
    "another pinned key": (
        {"host_key": "SHA256:" + "A" * 43},
        "AccessDenied",
        "another host key than the pinned one",
        "correct `host_key`",
    ),
    "no such configuration": (
        {"ssh_config": "/nowhere"},
        "NetworkFailure",
        "cannot be read",
        "`ssh_config`",
    ),
    "no such key": (
        {"identity_file": "/nowhere"},
        "InvalidCredentials",
        "there is no such key here",
        "`identity_file`",
    ),
    "unknown key": ({"ssh_config": "/dev/null"}, "AccessDenied", "not one we may trust", "ssh "),
    "wrong user": ({"user": "nobody"}, "InvalidCredentials", "does not let us in", "user"),
    "nobody listens": ({"port": 2222}, "NetworkFailure", "nothing listens there", "port"),
    "no such name": ({"host": "no-such.invalid"}, "NetworkFailure", "no such name", "address"),
    "no python": ({"python": "python9"}, "NetworkFailure", "there is no Python 3", "python3"),
    "no sudo": (
        {"user": "daemon2"},
        "InvalidCredentials",
        "does not let us in",
        "identity_file",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_keeps_us_out_is_said_with_a_remedy(case: str, host: Any, env: Env) -> None:
    changed, code, message, remedy = REFUSALS[case]
    with pytest.raises(ProviderError) as refused:
        HostProvider("lab", host.venue(**changed), env).facts()
    assert refused.value.code == code
    assert message in refused.value.message
    assert remedy in refused.value.remedy


def test_a_changed_key_is_refused(ssh_hosts: Any, env: Env) -> None:
    with ssh_hosts.fresh(1) as (machine,):
        provider = HostProvider("lab", machine.venue(persist_s=0), env)
        provider.facts()
        provider.machine.courier.close()
        machine.kill()
        machine.new_host_key()
        machine.boot()
        with pytest.raises(ProviderError, match="its host key has changed") as refused:
            provider.machine.errand("facts", data="/")
        assert refused.value.code == "AccessDenied"
        assert f"ssh-keygen -R {machine.address} -f " in refused.value.remedy


def test_words_and_bytes_arrive_as_they_are(host: Any, env: Env) -> None:
    shell = HostProvider("lab", host.venue(), env).machine.shell
    content = os.urandom(3_000_000)
    with shell.open(["sh", "-c", 'cat; printf "%s" "$1"', "x", "a 'b' $c"]) as running:
        said, complaint = running.communicate(content)
    assert said == content + b"a 'b' $c"
    assert (running.returncode, complaint) == (0, b"")


def test_one_that_does_not_answer_is_given_up_soon(ssh_hosts: Any, env: Env) -> None:
    with ssh_hosts.fresh(1) as (machine,):
        machine.freeze()
        with pytest.raises(ProviderError, match="does not answer in time"):
            HostProvider("lab", machine.venue(connect_timeout_s=1), env).facts()
        machine.thaw()
