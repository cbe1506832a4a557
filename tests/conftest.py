"""What every test may lean on: a home of its own, and a word where the machine lacks something."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import resource
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from moot.cli.run import run
from tests.lacking import command, lacking
from tests.substrates import dockerd, host_engines, hosts
from tests.substrates.postgresql import NoServer, cluster

FILES = 8192  # open at once: what tests drop in circles waits for the garbage collector
BOUND_S = 300  # far beyond what any test takes, on any machine
SBIN = ("/usr/sbin", "/sbin")  # where Debian keeps haproxy and dockerd; not on every user's PATH

os.environ["PATH"] = os.pathsep.join(
    dict.fromkeys((*os.environ.get("PATH", os.defpath).split(os.pathsep), *SBIN))
)


# A busy machine is no reason to fail: no deadlines, and slow generation is no news.  A build looks
# at the same examples each time, so that it fails by what was changed; everybody else at new ones.
hypothesis.settings.register_profile(
    "moot",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    print_blob=True,
    derandomize=bool(os.environ.get("CI")),
)
hypothesis.settings.load_profile("moot")


def pytest_configure(config: pytest.Config) -> None:
    """No test reads or writes the user's own venues, database or logs."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a time-out still cleans up
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    home = tempfile.TemporaryDirectory(prefix="moot-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    os.environ["MOOT_HOME"] = f"{home.name}/home"
    os.environ["MOOT_VENUES"] = f"{home.name}/venues.yaml"
    for name in ("MOOT_STORE", "MOOT_TRACE", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME"):
        os.environ.pop(name, None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """One test that hangs fails, instead of taking the whole run's time from the others."""

    def give_up(signum: int, frame: object) -> None:
        pytest.fail(f"not done after {BOUND_S} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(BOUND_S)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def provided(request: pytest.FixtureRequest) -> None:
    """A marker is all a test has to say: it pulls in the fixture that provides or skips."""
    for marker, fixture in (
        ("docker", "docker_host"),
        ("haproxy", "haproxy"),
        ("postgresql", "postgresql"),
        ("ssh", "ssh_hosts"),
    ):
        if request.node.get_closest_marker(marker):
            request.getfixturevalue(fixture)


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str, str]]:
    """Runs a command of moot in a folder and home of its own: exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOOT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOOT_VENUES", str(tmp_path / "venues.yaml"))

    def ask(line: str) -> tuple[int, str, str]:
        code = run(line.split())
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return ask


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """DOCKER_HOST of a real engine, set in the environment too: the machine's, or a private one."""
    with contextlib.ExitStack() as stack:
        try:
            host = stack.enter_context(dockerd.engine())
        except dockerd.NoEngine as reason:
            lacking(str(reason))
        before = os.environ.get("DOCKER_HOST")
        os.environ["DOCKER_HOST"] = host
        yield host
        if before is None:
            del os.environ["DOCKER_HOST"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Any]:
    """A private cluster of a real PostgreSQL; `database()` gives the URL of a new database."""
    if importlib.util.find_spec("psycopg") is None:
        lacking("psycopg is not installed")
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(cluster())
        except NoServer as reason:
            lacking(str(reason))
        yield running


@pytest.fixture(scope="session")
def ssh_hosts() -> Iterator[Any]:
    """A network for real SSH hosts; `with ssh_hosts.fresh(3) as hosts` gives clean ones."""
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(hosts.lab())
        except hosts.NoHosts as reason:
            lacking(str(reason))
        yield running


@pytest.fixture(scope="session")
def engine_host() -> Iterator[Any]:
    """A real SSH host with a Docker Engine of its own, which all tests of a session share."""
    with contextlib.ExitStack() as stack:
        try:
            lab = stack.enter_context(hosts.lab(f"{hosts.PACKAGES},{host_engines.PACKAGES}"))
            (host,) = lab.add(1)
            stack.enter_context(host_engines.engine(host))
        except (hosts.NoHosts, host_engines.NoEngine) as reason:
            lacking(str(reason))
        yield host


@pytest.fixture(scope="session")
def haproxy() -> str:
    """Path of the HAProxy binary."""
    return command("haproxy")
