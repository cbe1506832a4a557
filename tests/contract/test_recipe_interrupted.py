"""A recipe that is interrupted at any step goes on or says why not, and does nothing twice."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Env, Marks, Operation, Pending, Progress, ProviderError
from moot.providers.host import HostProvider
from moot.providers.host.recipes.handler import folder_name

pytestmark = pytest.mark.ssh


@dataclass
class Site:
    """One machine and a provider for it, driven by hand as the engine drives it."""

    host: Any
    home: Path
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        self.name = f"i{uuid.uuid4().hex[:8]}"
        venue = self.host.venue(**self.more)
        self.provider = HostProvider("lab", venue, Env(home=self.home, environ=PATH))

    def want(self, kind: str, **properties: Any) -> Resource:
        address = f"{self.name}/web@lab/recipe/{kind}/it"
        return Resource(address=address, type=f"host.{kind}", venue="lab", properties=properties)

    def script(self, **properties: Any) -> Resource:
        plain = {"check": None, "undo": None, "repeatable": False, "environment": {}}
        title = {"title": "script 'it'", "outcome": "done", "secret_variables": []}
        return self.want("script", **{**plain, **title, **properties})

    def file(self, content: str, path: str = "") -> Resource:
        plain = {"encoding": "utf-8", "template": False, "environment": {}, "mode": "0644"}
        owner = {"owner": None, "group": None, "contents": "as given"}
        where = path or f"/etc/{self.name}/it.conf"
        return self.want("file", path=where, content=content, **plain, **owner)

    def user(self, **properties: Any) -> Resource:
        plain = {"name": self.name, "system": True, "shell": "/usr/sbin/nologin", "present": True}
        return self.want("user", **{**plain, "groups": [], "home": None, **properties})

    def operation(self, want: Resource) -> Operation:
        marks = Marks(
            installation="i",
            generation=1,
            app=self.name,
            address=want.address,
            uid=f"{self.name}-{want.type}",
            incarnation=1,
        )
        return Operation(token="t", marks=marks, deadline=time.time() + 60)

    def create(self, want: Resource) -> ConfigurationItem:
        item = finished(lambda op: self.provider.create(want, op), self.operation(want))
        assert item
        return item

    def begin(self, want: Resource) -> Progress:
        return self.provider.create(want, self.operation(want))

    def delete(self, item: ConfigurationItem, want: Resource) -> None:
        finished(lambda op: self.provider.delete(item, op), self.operation(want))

    def lines(self, path: str) -> list[str]:
        there = self.host.root / path.lstrip("/")
        return there.read_text().splitlines() if there.exists() else []


PATH = {"PATH": os.environ["PATH"]}


KILL = """
import json, os, sys
from importlib import import_module
folder, asked, step, when = sys.argv[1:]
sys.path.insert(0, folder)
bundle = import_module("onhost.bundle")
bundle.GIVEN.update(digest="copy", texts={"run.py": ""})
module, _, rest = step.partition(".")
owner, _, name = rest.rpartition(".")
holder = import_module("onhost." + module)
holder = getattr(holder, owner) if owner else holder
kept = getattr(holder, name)

def killed(*args):
    if when == "after":
        kept(*args)
    os.kill(os.getpid(), 9)

setattr(holder, name, killed)
import_module("onhost.recipes").configure(**json.loads(asked))
print("survived")
"""


def arguments(site: Site, want: Resource, step: str, when: str) -> list[str]:
    """A copy of our scripts on the machine, and what the provider would ask of them."""
    copy = site.host.root / "srv/copy/onhost"
    shutil.copytree(str(files("moot.providers.host.onhost")), copy, dirs_exist_ok=True)
    machine, marks = site.provider.machine, site.operation(want).marks
    asked = {
        "type": want.type,
        "folder": machine.run_folder(marks, folder_name(marks)),
        "marks": marks.as_labels(),
        "wanted": dict(want.properties),
        "address": machine.address,
        "data": machine.data,
        "root": machine.root,
    }
    return ["/srv/copy", json.dumps(asked), step, when]


def finished(call: Callable[[Operation], Progress], op: Operation) -> ConfigurationItem | None:
    """A call to its end; one whose connection was lost is made again, as the next turn would."""
    end, again = time.monotonic() + 60, replace(op, resume=None)
    while time.monotonic() < end:
        try:
            progress = call(op)
        except ProviderError as error:
            if error.code != "OutcomeUnknown":
                raise
            op = again
        else:
            if isinstance(progress, Done):
                return progress.item
            time.sleep(min(progress.seconds, 0.2))
            op = replace(op, resume=progress.resume)
    raise AssertionError("still not done")


@pytest.fixture(scope="module")
def host(ssh_hosts: Any) -> Iterator[Any]:
    with ssh_hosts.fresh(1) as (one,):
        yield one


@pytest.fixture
def site(host: Any, tmp_path: Path) -> Site:
    return Site(host, tmp_path)


def test_a_cut_connection_neither_ends_nor_repeats_a_script(site: Site) -> None:
    want = site.script(
        run=f"echo begun >> /srv/{site.name}; sleep 1; echo done >> /srv/{site.name}"
    )
    site.begin(want)
    site.host.run("pkill", "-KILL", "-f", "sshd: root", check=False)
    item = site.create(want)
    assert item.properties["outcome"] == "done"
    assert site.lines(f"/srv/{site.name}") == ["begun", "done"]


def test_a_restart_of_the_machine_leaves_a_script_undecided(site: Site) -> None:
    run = f"echo begun >> /srv/{site.name}; sleep 30"
    site.begin(site.script(run=run))
    wait_for(lambda: site.lines(f"/srv/{site.name}") == ["begun"])
    site.host.reboot()
    with pytest.raises(ProviderError, match="was cut off before it ended") as refused:
        site.create(site.script(run=run))
    assert "repeatable" in refused.value.remedy
    assert site.lines(f"/srv/{site.name}") == ["begun"]
    done = site.create(site.script(run=run, check=f"grep begun /srv/{site.name}"))
    assert done.properties["outcome"] == "done"
    assert site.lines(f"/srv/{site.name}") == ["begun"]


def test_a_repeatable_script_is_run_again_after_a_restart(site: Site) -> None:
    mark = f"/srv/{site.name}"
    run = f"echo x >> {mark}; if [ ! -e {mark}.go ]; then sleep 30; fi"
    want = site.script(run=run, repeatable=True)
    site.begin(want)
    wait_for(lambda: site.lines(mark) == ["x"])
    site.host.reboot()
    (site.host.root / f"srv/{site.name}.go").touch()
    assert site.create(want).properties["exit_code"] == 0
    assert site.lines(mark) == ["x", "x"]


def test_a_changed_script_waits_for_the_run_under_way(site: Site) -> None:
    mark = f"/srv/{site.name}"
    site.begin(site.script(run=f"echo old >> {mark}; sleep 0.5; echo older >> {mark}"))
    site.create(site.script(run=f"echo new >> {mark}"))
    assert site.lines(mark) == ["old", "older", "new"]


def test_a_script_that_is_over_soon_takes_one_call(site: Site) -> None:
    mark = f"/srv/{site.name}"
    quick = site.script(run=f"echo x >> {mark}", undo=f"echo y >> {mark}")
    made = site.begin(quick)
    assert isinstance(made, Done)
    assert made.item
    assert (made.item.properties["outcome"], site.lines(mark)) == ("done", ["x"])
    assert site.provider.delete(made.item, site.operation(quick)) == Done(None)
    assert site.lines(mark) == ["x", "y"]
    slow = site.script(run=f"sleep 1; echo z >> {mark}")
    assert isinstance(site.begin(slow), Pending)
    site.create(slow)
    assert site.lines(mark) == ["x", "y", "z"]


def test_a_script_that_failed_says_so_and_is_tried_again(site: Site) -> None:
    want = site.script(run=f"echo no good >&2; test -e /srv/{site.name}")
    for _ in range(2):
        with pytest.raises(ProviderError, match="exit code 1") as failed:
            site.create(want)
        assert "no good" in failed.value.message
    (site.host.root / f"srv/{site.name}").touch()
    assert site.create(want).properties["outcome"] == "done"


def test_a_script_that_prints_its_secret_is_not_quoted(site: Site) -> None:
    secret = {"environment": {"KEY": "sesame"}, "secret_variables": ["KEY"]}
    with pytest.raises(ProviderError, match=r"the key is \*\*\*"):
        site.create(site.script(run="echo the key is $KEY; exit 1", **secret))


def test_no_line_of_a_secret_is_quoted_however_much_is_printed(site: Site) -> None:
    secret = {"environment": {"KEY": "-- BEGIN --\nsesame\n"}, "secret_variables": ["KEY"]}
    more = "i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done"
    run = f'echo "$KEY" | sed "s/^/key: /"; {more}; echo "$KEY" | tail -n 2; exit 1'
    with pytest.raises(ProviderError) as failed:
        site.create(site.script(run=run, **secret))
    said = failed.value.message.splitlines()
    assert "sesame" not in said
    assert said[-1] == "***"
    assert said[1].startswith("line ")


@pytest.mark.parametrize("sudo", [False, True])
def test_a_rule_that_could_shut_us_out_is_refused(host: Any, tmp_path: Path, sudo: bool) -> None:
    site = Site(host, tmp_path, {"user": "ops", "sudo": True} if sudo else {})
    rule = {"action": "allow", "port": "20-30", "protocol": "tcp", "from": ["192.0.2.1"]}
    with pytest.raises(ProviderError, match="shut out moot itself"):
        site.create(site.want("firewall", rules=[rule], table="loaded"))
    assert "moot" not in site.host.run("nft", "list", "tables")


def test_a_full_disk_leaves_the_file_as_it_was(site: Site) -> None:
    folder = f"/srv/small-{site.name}"
    site.host.run("mkdir", folder)
    site.host.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", folder)
    try:
        (site.host.root / folder[1:] / "it.conf").write_text("before\n")
        site.host.run("sh", "-c", f"dd if=/dev/zero of={folder}/full 2>/dev/null || true")
        want = site.file("x" * 10000, f"{folder}/it.conf")
        with pytest.raises(ProviderError, match="no room is left") as refused:
            site.create(want)
        assert refused.value.code == "ServiceLimitExceeded"
        assert site.lines(f"{folder}/it.conf") == ["before"]
        assert site.provider.read(want) is None
        site.host.run("rm", f"{folder}/full")
        item = site.create(want)
        site.delete(item, want)
        assert site.lines(f"{folder}/it.conf") == ["before"]
        assert [p.name for p in (site.host.root / folder[1:]).iterdir()] == ["it.conf"]
    finally:
        site.host.run("umount", folder)


@pytest.mark.parametrize("step", ["claims.Claim._write", "systemfiles._replace", "jobs.Job.begin"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_a_step_it_goes_on_and_is_undone_as_if_nothing_had_been(
    site: Site, step: str, when: str
) -> None:
    """The Python on the machine ends, in a copy of our scripts there, before or after a step."""
    path = f"etc/{site.name}.conf"
    (site.host.root / path).write_text("before\n")
    script = step.startswith("jobs")
    want = site.file("after\n", f"/{path}")
    want = (
        site.script(run=f"echo once >> /{path}", undo=f"sed -i /once/d /{path}") if script else want
    )
    killed = site.host.run("python3", "-c", KILL, *arguments(site, want, step, when), check=False)
    assert "survived" not in killed
    item = site.create(want)
    assert site.lines(path) == (["before", "once"] if script else ["after"])
    site.delete(item, want)
    assert site.lines(path) == ["before"]
    assert not (site.host.root / "var/lib/moot/claims").exists()


def test_a_file_that_was_there_comes_back(site: Site) -> None:
    (site.host.root / f"etc/{site.name}.conf").write_text("before\n")
    (site.host.root / f"etc/{site.name}.conf").chmod(0o600)
    want = site.file("after\n", f"/etc/{site.name}.conf")
    item = site.create(want)
    assert site.lines(f"/etc/{site.name}.conf") == ["after"]
    site.delete(item, want)
    there = site.host.root / f"etc/{site.name}.conf"
    assert (there.read_text(), there.stat().st_mode & 0o777) == ("before\n", 0o600)


@pytest.mark.parametrize("before", ["a file", "a link"])
def test_a_file_comes_back_even_where_its_folder_is_gone(site: Site, before: str) -> None:
    folder = site.host.root / f"etc/{site.name}"
    folder.mkdir()
    there = folder / "it.conf"
    there.symlink_to("/nowhere") if before == "a link" else there.write_text("before\n")
    want = site.file("after\n")
    item = site.create(want)
    shutil.rmtree(folder)
    site.delete(item, want)
    assert there.is_symlink() if before == "a link" else there.read_text() == "before\n"


@pytest.mark.parametrize("step", ["users._run", "users.os.chown"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_user_whose_making_was_cut_off_is_made_whole_and_taken_back(
    site: Site, step: str, when: str
) -> None:
    """The first command makes its group; the first owner that is changed is its home's."""
    people = people_of(site)
    home = site.host.root / f"srv/{site.name}"
    want = site.user(groups=[f"{site.name}g"], home=f"/srv/{site.name}")
    killed = site.host.run("python3", "-c", KILL, *arguments(site, want, step, when), check=False)
    assert "survived" not in killed
    item = site.create(want)
    assert item.properties["groups"] == [f"{site.name}g"]
    assert home.stat().st_uid == item.properties["uid"] != 0
    site.delete(item, want)
    assert people_of(site) == people
    assert not home.exists()


def test_a_home_that_was_there_keeps_its_owner(site: Site) -> None:
    (site.host.root / f"srv/{site.name}").mkdir()
    (site.host.root / f"srv/{site.name}/work").touch()
    want = site.user(home=f"/srv/{site.name}")
    site.delete(site.create(want), want)
    assert (site.host.root / f"srv/{site.name}").stat().st_uid == 0


def people_of(site: Site) -> list[str]:
    etc = site.host.root / "etc"
    return [*(etc / "passwd").read_text().split(), *(etc / "group").read_text().split()]


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
