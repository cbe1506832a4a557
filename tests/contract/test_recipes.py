"""What recipes are made of keeps the contract on a real machine, and leaves it as it was."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from moot.provider import Env, ProviderError
from moot.testing import conformance
from moot.testing.trial import Bench, Inapplicable, Trial
from moot.testing.trials.recipes import PACKAGE, trial

sys.path.append(str(Path(__file__).parent.parent / "substrates"))
from local_packages import archive  # pyright: ignore[reportMissingImports]

pytestmark = [pytest.mark.ssh, pytest.mark.slow]
HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")
ENV = Env(home=Path(HOME.name), environ={"PATH": os.environ["PATH"]})
# A package manager takes its time: of packages only what tells them from the rest.
TELLING = {"delete_reads_the_marks", "create_survives_the_end_of_the_process"}
CASES = [
    (check, type)
    for check, type in conformance.cases(trial("lab", {"host": "nowhere"}, ENV), {"host.script"})
    if type != "host.package" or check.__name__ in TELLING
]
RIVAL = "moot-trial-rival"  # where it is, our package cannot be
PLACES = ("etc", "srv", "usr/sbin", "var/tmp", "var/lib/moot", "var/cache/apt/moot", "opt")


@pytest.fixture(scope="module")
def reached(ssh_hosts: Any) -> Iterator[tuple[Any, Trial, set[str]]]:
    """A clean machine with a small archive of packages, the trial of it, and what it has."""
    with ssh_hosts.fresh(1) as (host,):
        packages = {PACKAGE: "moot-trial-library", "moot-trial-library": "", RIVAL: ""}
        archive(host, packages, conflicts={RIVAL: PACKAGE})
        yield host, trial("lab", host.venue(), ENV), files_of(host)


@pytest.mark.parametrize(("check", "type"), CASES)
def test_contract(reached, check, type):
    host, on_trial, before = reached
    with Bench(on_trial) as bench, suppress(Inapplicable):
        check(bench, type)
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"
    assert files_of(host) - before == set()


def test_two_apps_share_a_package_and_the_last_one_takes_it_along(reached):
    host, on_trial, _ = reached
    with Bench(on_trial) as one, Bench(on_trial) as other:
        for bench in (one, other):
            bench.create(bench.sample("host.package"))
        one.close()
        assert installed(host, PACKAGE)
    assert not installed(host, PACKAGE)
    assert not installed(host, "moot-trial-library")


def test_a_package_that_was_there_stays(reached):
    host, on_trial, _ = reached
    host.run("apt-get", "--yes", "install", PACKAGE)
    try:
        with Bench(on_trial) as bench:
            item = bench.create(bench.sample("host.package"))
            assert item.properties["installed"] == []
        assert installed(host, PACKAGE)
    finally:
        host.run("apt-get", "--yes", "purge", PACKAGE, "moot-trial-library")


def test_a_package_that_was_there_does_not_give_way(reached):
    host, on_trial, _ = reached
    host.run("apt-get", "--yes", "install", RIVAL)
    try:
        with Bench(on_trial) as bench:
            want = bench.sample("host.package")
            op = bench.operation(bench.marks(want))
            with pytest.raises(ProviderError, match=f"would remove {RIVAL}") as refused:
                bench.create(want, op)
            assert "moot down" in refused.value.message
            assert installed(host, RIVAL)
            host.run("apt-get", "--yes", "purge", RIVAL)
            bench.create(want, op)
        assert not installed(host, PACKAGE)
    finally:
        host.run("apt-get", "--yes", "purge", RIVAL)


def installed(host: Any, package: str) -> bool:
    shown = "--showformat=${db:Status-Status}"
    return host.run("dpkg-query", "--show", shown, package, check=False) == "installed"


def files_of(host: Any) -> set[str]:
    """All that a recipe might leave; our scripts stay for as long as any test may need them."""
    found = {p for place in PLACES for p in (host.root / place).rglob("*") if "lib" not in p.parts}
    people = (host.root / "etc/passwd").read_text() + (host.root / "etc/group").read_text()
    rules = host.run("nft", "list", "tables")
    packages = host.run("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n")
    return {str(p) for p in found} | {*people.splitlines(), *rules.splitlines(), *packages.split()}
