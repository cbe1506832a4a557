"""Every Python that a machine may have, as far as this one has them, does what ours does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hostsite import Site, always, process, until

from moot.provider import ProviderError
from moot.providers.host import access
from moot.providers.host.onhost import lean

ONHOST = str(Path(lean.__file__).parent.parent)
KIND = (
    "import sys; print(*sys.version_info[:2], sys.implementation.name, sys.executable, sep='\\n')"
)
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")

# Nobody has imported json before, as it is in a supervisor.
JUDGES = """
import sys
sys.path.append(sys.argv[1])
from onhost import lean

print(lean.dumps({"a": [1, 2.5, 10**30, None, True, "\\u00e4\\udc80"]}))
for text in ["", " ", "{", '{"a" 1}', "1 2", "[1,]", '"\\n"', "nul", '{"a": [1, "b', '"\\\\x"']:
    for name in ("json", "json.decoder"):
        sys.modules.pop(name, None)
    try:
        print("accepted", text, lean.loads(text))
    except ValueError as problem:
        print(problem)
"""

BECOMES = """
import os, sys
sys.path.append(sys.argv[1])
from onhost.supervisor import SUBREAPER, Supervisor, prctl

def bar():
    sys.path.clear()
    sys.meta_path.clear()

setuid = os.setuid
os.setuid = lambda user: (setuid(user), bar())
prctl(SUBREAPER, 1, 0, 0, 0)  # as a supervisor begins
with open("spec.json", "w") as file:
    file.write(sys.stdin.read())
supervisor = Supervisor(None)
if sys.argv[2] == "removed":
    bar()
supervisor.run()
"""


def pythons() -> Iterator[Any]:
    """One of each version: ours, those on PATH, and those that pyenv keeps aside."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    names = [sys.executable, "/usr/bin/python3", *(f"python3.{minor}" for minor in range(9, 16))]
    known = set[tuple[str, ...]]()
    for name in [*names, *map(str, sorted(pyenv.glob("versions/*/bin/python")))]:
        try:
            said = subprocess.run([name, "-I", "-c", KIND], capture_output=True, text=True)
        except OSError:
            continue
        *kind, path = said.stdout.splitlines() if not said.returncode else ("2", "0", "")
        if (int(kind[0]), int(kind[1])) >= (3, 9) and tuple(kind) not in known:
            known.add(tuple(kind))
            yield pytest.param(path, id="-".join(kind[2:]) + ".".join(kind[:2]))


@pytest.fixture(scope="module", params=list(pythons()))
def python(request: pytest.FixtureRequest) -> str:
    return request.param


def ran(python: str, script: str, *arguments: str, **how: Any) -> str:
    argv = [python, "-E", "-s", "-S", "-c", script, ONHOST, *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, **how)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_no_json_is_said_to_be_none(python: str) -> None:
    """Some C parts rely on json being imported for that."""
    first, *problems = ran(python, JUDGES).splitlines()
    assert first == json.dumps({"a": [1, 2.5, 10**30, None, True, "\u00e4\udc80"]})
    assert len(problems) == 10
    assert all("(char " in problem for problem in problems), problems


@AS_ROOT
@pytest.mark.parametrize("whose", ["root's", "removed"])
@pytest.mark.parametrize("memory_mib", [None, 4])
def test_a_replica_of_another_user_needs_nothing_more_of_it(
    python: str, whose: str, memory_mib: int | None, tmp_path: Path
) -> None:
    """Neither may that user read a Python in root's home, nor is one there that was removed."""
    spec = process(["sh", "-c", "echo $0; id -u; ulimit -v", "$WHO-${WHO}-$MORE"]).properties
    more = {"environment": {"PATH": os.defpath, "WHO": "me"}, "ids": [65534, 65534, []]}
    bound = {"address_space": memory_mib << 20} if memory_mib else {}
    said = json.dumps({**spec, **more, "cgroups": [], **bound})
    ran(python, BECOMES, whose, cwd=tmp_path, input=said)
    lines = (tmp_path / "log.1").read_text().splitlines()
    assert [line.split(" ", 2)[1:] for line in lines] == [
        ["stdout", "me-me-$MORE"],
        ["stdout", "65534"],
        ["stdout", str(memory_mib * 1024) if memory_mib else "unlimited"],
    ]


@pytest.fixture(params=["sent", "installed"])
def there(
    python: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Site]:
    """A machine with this Python, which has our scripts or is sent them."""
    monkeypatch.setattr(access, "sys", SimpleNamespace(executable=python))
    if request.param == "sent":
        monkeypatch.setattr(access, "OURS", "")
    site = Site(tmp_path)
    yield site
    for item, _ in reversed(site.standing):
        site.delete(item)
    assert not (site.data / "run").exists()


def test_a_machine_with_it(there: Site, capfd: pytest.CaptureFixture[str]) -> None:
    check = {"test": ["sh", "-c", "test $WHO = me"], "interval_s": 0.2, "timeout_s": 5.0}
    often = {"retries": 3, "start_period_s": 0.0, "start_interval_s": 0.1}
    command = ["sh", "-c", "echo $0 $WHO; exec sleep 100", "${WHO}"]
    more: dict[str, Any] = {"environment": {"WHO": "me"}, "secret_variables": ["WHO"]}
    more["user"] = None if os.getuid() else "nobody"
    item = there.create(process(command, targets=[80], healthcheck={**check, **often}, **more))
    item = there.wait(item, "healthy")
    until(lambda: there.log(item) == ["me me"])
    again = there.create(process(["false"], component="again", restart=always()))
    until(lambda: there.status(again.identifier)["restarts"] > 1)
    surroundings: dict[str, Any] = {"environment": {"MORE": "m"}, "working_dir": "/", "user": None}
    entered = ["sh", "-c", "echo $WHO $MORE"]
    assert there.provider.execute(item, entered, tty=False, **surroundings) == 0
    assert capfd.readouterr().out == "me m\n"
    spec = Path(item.identifier, "spec.json")
    before = spec.read_text()
    spec.write_text(before[:-9])
    with pytest.raises(ProviderError, match=r"spec\.json is damaged"):
        there.provider.read(item)
    spec.write_text(before)
