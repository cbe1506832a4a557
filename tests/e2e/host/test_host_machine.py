"""Ports, volumes and limits of the machine, and what it offers and lacks."""

from __future__ import annotations

import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostsite import Site, process, until

from moot.model.resource import Resource
from moot.provider import Env, ProviderError
from moot.providers.host import HostProvider
from moot.providers.host.onhost import claims
from moot.providers.host.onhost.files import Problem
from moot.providers.host.onhost.ports import PORTS, release, reservations_of, reserve

V1 = "/sys/fs/cgroup/memory"


def volume(name: str = "shop_data") -> Resource:
    return Resource(
        address="shop@laptop/volume/data",
        type="host.volume",
        venue="laptop",
        properties={"name": name},
    )


def reservation(site: Site, port: int) -> Path:
    return Path(site.provider.machine.reservations) / str(port)


def test_a_port_is_reserved_for_as_long_as_the_replica_lives(site: Site) -> None:
    item = site.create(process(["sleep", "100"], targets=[80]))
    port = item.properties["ports"]["80"]
    assert 20000 <= port < 32768
    assert reservation(site, port).read_text() == item.identifier
    site.delete(item)
    assert not reservation(site, port).exists()


def test_two_replicas_have_two_ports(site: Site) -> None:
    ports = [
        site.create(process(["sleep", "100"], targets=[80], index=index)).properties["ports"]["80"]
        for index in range(3)
    ]
    assert len(set(ports)) == 3


def test_a_port_somebody_listens_on_is_not_given(site: Site) -> None:
    first = site.create(process(["sleep", "100"], targets=[80]))
    port = first.properties["ports"]["80"]
    site.delete(first)
    with socket.create_server(("127.0.0.1", port)):
        again = site.create(process(["sleep", "100"], targets=[80]))
        assert again.properties["ports"]["80"] != port


def test_a_reservation_whose_holder_is_gone_is_void(site: Site) -> None:
    first = site.create(process(["sleep", "100"], targets=[80]))
    port = first.properties["ports"]["80"]
    site.delete(first)
    reservation(site, port).parent.mkdir(parents=True, exist_ok=True)
    reservation(site, port).write_text(str(site.folder / "gone"))
    again = site.create(process(["sleep", "100"], targets=[80]))
    assert again.properties["ports"]["80"] == port


def test_a_fixed_port_is_its_own_and_its_holder_is_named(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        want = process(["sleep", "100"], targets=[port], fixed={str(port): port})
        with pytest.raises(ProviderError, match=rf"held by .* \(pid {os.getpid()}\)") as caught:
            site.create(want)
        assert caught.value.code == "AlreadyExists"
    assert site.create(want).properties["ports"] == {str(port): port}


def test_a_volume_outlives_its_users(site: Site) -> None:
    made = site.create(volume())
    want = process(
        ["sh", "-c", "echo data > $VOLUME_DATA/file; echo done; exec sleep 100"],
        volumes={"VOLUME_DATA": made.properties["path"]},
    )
    item = site.create(want)
    until(lambda: site.log(item) == ["done"])
    site.delete(item)
    seen = site.again().read(volume())
    assert seen is not None
    assert (Path(seen.properties["path"]) / "file").read_text() == "data\n"
    assert [path.name for path in site.data.iterdir() if path.name != "lib"] == ["volumes"]
    site.delete(made)
    assert list(site.folder.iterdir()) == []


def test_a_folder_of_somebody_else_is_not_a_volume(site: Site) -> None:
    theirs = site.data / "volumes" / "shop_data"
    theirs.mkdir(parents=True)
    (theirs / "precious").touch()
    with pytest.raises(ProviderError, match="AlreadyExists"):
        site.create(volume())
    assert (theirs / "precious").exists()


def test_what_we_lost_sight_of_is_named_with_what_takes_it_back(site: Site) -> None:
    made = site.create(volume())
    op = site.operation("shop@laptop/volume/data")
    lost = replace(op, marks=replace(op.marks, uid="of a record that was lost"))
    with pytest.raises(ProviderError, match=f"is {made.address} already") as caught:
        site.provider.create(volume(), lost)
    assert "moot sweep" in str(caught.value.remedy)
    site.delete(made)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
def test_an_empty_volume_is_given_to_its_user(site: Site) -> None:
    made = site.create(volume())
    want = process(
        ["sleep", "100"], user="nobody", volumes={"VOLUME_DATA": made.properties["path"]}
    )
    site.create(want)
    assert Path(made.properties["path"]).owner() == "nobody"


@pytest.mark.skipif(not os.access(V1, os.W_OK), reason="no cgroup of version 1 to write to")
def test_limits_are_enforced_by_cgroups(site: Site) -> None:
    limits = {"cpu": 0.5, "memory_mib": 64, "pids": 50}
    item = site.create(process(["sleep", "100"], limits=limits))
    assert item.properties["enforced"] == dict.fromkeys(limits, "cgroup")
    pid = site.wait(item, "running").properties["pid"]
    groups = [line.split(":") for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    (memory,) = (path for _, names, path in groups if "memory" in names.split(","))
    assert Path(f"{V1}{memory}/memory.limit_in_bytes").read_text().strip() == str(64 << 20)
    site.delete(item)
    assert not Path(f"{V1}{memory}").exists()


@pytest.mark.skipif(not os.access(V1, os.W_OK), reason="no cgroup of version 1 to write to")
def test_too_much_memory_ends_it(site: Site) -> None:
    script = "x = bytearray(200 << 20); print('survived')"
    limits = {"cpu": None, "memory_mib": 50, "pids": None}
    item = site.wait(site.create(process(["python3", "-c", script], limits=limits)), "failed")
    assert item.properties["exit_code"] == 137
    assert "survived" not in site.log(item)


def test_the_machine_offers_itself(site: Site) -> None:
    (offering,) = site.provider.offerings()
    assert offering.name == "local"
    assert offering.cpu >= 1
    assert offering.memory_mib > 100
    assert {"runs:process", "os:linux"} <= offering.traits
    assert offering.machine == site.provider.identity()


def test_what_is_missing_is_said(site: Site) -> None:
    lacking: dict[str, Any] = {"local": True, "data": str(site.data)}
    lacking["gateway"] = {"haproxy": "/not/there/haproxy"}
    (problem,) = HostProvider("laptop", lacking, Env(home=site.folder)).checks()
    assert problem.remedy == "apt-get install haproxy"


def test_checking_changes_nothing(site: Site) -> None:
    assert site.provider.checks() == []
    assert list(site.folder.iterdir()) == []
    unwritable = {"local": True, "data": "/dev/null/moot"}
    (problem,) = HostProvider("laptop", unwritable, Env(home=site.folder)).checks()
    assert problem.summary == "the data folder cannot be written"


def test_data_stays_where_it_is(site: Site) -> None:
    def data() -> str:
        return HostProvider("laptop", {"local": True}, Env(home=site.folder / "home")).machine.data

    before = data()
    (site.folder / "home").mkdir(0o700)
    assert data() == before
    (site.folder / "home").rmdir()


@pytest.mark.slow
def test_one_app_may_leave_while_another_comes(site: Site) -> None:
    """Whoever is last takes our scripts along, and may not take those a newcomer is starting."""

    def come_and_go(app: str) -> None:
        own = site.beside()
        for incarnation in range(1, 6):
            item = own.create(process(["sleep", "100"], app=app), incarnation)
            assert item.status == "running", item
            own.delete(item)

    with ThreadPoolExecutor() as pool:
        for future in [pool.submit(come_and_go, f"app{number}") for number in range(3)]:
            future.result()
    assert list(site.folder.iterdir()) == []


def test_reservations_where_another_user_was_first_are_not_used(tmp_path: Path) -> None:
    theirs = tmp_path / "moot-4711"
    theirs.mkdir()
    theirs.chmod(0o777)
    with pytest.raises(Problem, match=f"{theirs} is not ours alone"):
        reserve("/data/run/x", f"{theirs}/moot/ports")
    theirs.chmod(0o755)
    if os.getuid() == 0:
        os.chown(theirs, 4711, 4711)
        with pytest.raises(Problem, match=f"{theirs} is not ours alone"):
            reserve("/data/run/x", f"{theirs}/moot/ports")
        os.chown(theirs, 0, 0)
    assert reserve("/data/run/x", f"{theirs}/moot/ports") in PORTS


def test_nothing_is_left_below_tmp_of_the_reservations_of_others_than_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.getuid() == 0:
        monkeypatch.setattr(os, "getuid", lambda: 4711)
    place = Path(reservations_of({}))
    below_tmp = place.parents[-3]
    before = below_tmp.exists()
    port = reserve(str(tmp_path), str(place))
    assert (place / str(port)).read_text() == str(tmp_path)
    release(str(tmp_path), str(place))
    assert below_tmp.exists() == before
    assert below_tmp.parent.is_dir()


@pytest.mark.parametrize("left", ["", '{"command": ["sleep", '])
def test_a_damaged_record_hides_nothing_of_another_type(site: Site, left: str) -> None:
    kept = site.create(volume())
    item = site.create(process(["sleep", "100"]))
    spec = Path(item.identifier, "spec.json")
    before = spec.read_text()
    spec.write_text(left)
    assert list(site.provider.handlers["host.volume"].list()) == [kept]
    with pytest.raises(ProviderError, match=r"spec\.json is damaged"):
        list(site.provider.handlers["host.process"].list())
    with pytest.raises(ProviderError, match=r"spec\.json is damaged"):
        site.provider.read(item)
    spec.write_text(before)
    site.delete(item)
    site.delete(kept)


def test_claims_of_a_folder_that_is_made_anew_do_not_wait_for_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another errand tidies the folder away, and makes it again, just before we lock it."""
    folder, aside = tmp_path / "moot/claims", tmp_path / "aside"
    monkeypatch.setattr(claims, "FOLDER", str(folder))
    again = [aside.mkdir, folder.rmdir, lambda: aside.rename(folder)]
    look = os.stat

    def stat(path: str) -> os.stat_result:
        found = look(path)
        while again and path == str(folder):
            again.pop(0)()
        return found

    monkeypatch.setattr(claims.os, "stat", stat)

    def held() -> None:
        with claims.claims():
            pass

    alone = threading.Thread(target=held, daemon=True)
    alone.start()
    alone.join(20)
    assert not alone.is_alive()
    assert not again
