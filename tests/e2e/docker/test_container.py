"""Containers on a real Engine: made, mended after a crash, limited, fed with files, ended."""

import base64
from dataclasses import replace

import pytest

from moot.provider import Done, Pending, ProviderError, Scope

pytestmark = pytest.mark.docker


def test_it_runs_and_ends(site):
    item = site.create(site.container(environment={"COLOUR": "blue"}))
    assert item.status == "running"
    assert site.run(item, "env").count("COLOUR=blue") == 1
    assert [i.identifier for i in site.list("container")] == [item.identifier]
    site.delete(item)
    assert site.read(item) is None
    assert site.list("container") == ()
    site.delete(item)  # what is gone is gone


def test_a_crash_between_create_and_start_is_seen_and_mended(site, monkeypatch):
    from moot.providers.docker.container import Containers

    want = site.container(files=[{"target": "/etc/greeting", "content": "hello"}])
    monkeypatch.setattr(Containers, "start", lambda self, found: None)
    site.create(want)
    monkeypatch.undo()
    (half,) = site.list("container")
    assert half.status == "failed"
    assert "interrupted" in half.private["detail"]
    whole = site.create(want)
    assert (whole.identifier, whole.status) == (half.identifier, "running")
    assert site.run(whole, "cat", "/etc/greeting") == "hello"


def test_creating_twice_is_creating_once(site):
    want = site.container()
    assert site.create(want).identifier == site.create(want).identifier
    assert len(site.list("container")) == 1


def test_incarnations_stand_side_by_side(site):
    first, second = site.create(site.container()), site.create(site.container(), incarnation=2)
    assert second.properties["name"] == first.properties["name"] + "-r2"
    site.delete(first)
    assert [i.incarnation for i in site.list("container")] == [2]


def test_a_strangers_container_is_not_touched(site):
    want = site.container()
    name = want.properties["base_name"]
    strange = site.client.create_container("moot-tests/busybox:1", name=name)
    try:
        with pytest.raises(ProviderError) as failure:
            site.create(want)
        assert failure.value.code == "AlreadyExists"
        assert name in failure.value.message
        assert "docker container rm" in failure.value.remedy
        assert site.client.inspect_container(strange["Id"])["State"]["Status"] == "created"
        everything = site.provider.list("docker.container", Scope(installation=None), None).items
        assert [i.address for i in everything if i.identifier == strange["Id"]] == [None]
    finally:
        site.client.remove_container(strange["Id"])


def test_a_deleted_containers_name_and_item_do_not_reach_its_successor(site):
    old = site.create(site.container())
    site.delete(old)
    new = site.create(site.container(), incarnation=1)
    assert site.read(old) is None
    site.delete(replace(old, identifier=new.identifier, incarnation=7))
    assert site.read(new) is not None


def test_health(site):
    check = {"test": ["CMD", "cat", "/tmp/well"], "interval_s": 0.5, "retries": 1}
    item = site.create(site.container(healthcheck=check))
    assert item.status in {"starting", "unhealthy"}
    site.wait(item, "unhealthy")
    site.run(item, "sh", "-c", "echo yes > /tmp/well")
    assert site.wait(item, "healthy").has_reached("healthy")


def test_ends(site):
    well = site.create(site.container("well", command=["sh", "-c", "exit 0"]))
    assert site.wait(well, "completed").has_reached("completed")
    bad = site.create(site.container("bad", command=["sh", "-c", "echo out of cheese; exit 3"]))
    failed = site.wait(bad, "failed")
    assert "exit code 3" in failed.private["detail"]
    assert "out of cheese" in failed.private["detail"]
    always = site.container("always", restart={"condition": "always"})
    stopped = site.create(always)
    site.client.stop(stopped.identifier, timeout=1)
    assert site.wait(stopped, "failed").since is not None


def test_what_cannot_start_says_why(site):
    with pytest.raises(ProviderError) as failure:
        site.create(site.container(command=["/no/such/program"]))
    assert failure.value.code == "InvalidRequest"
    assert "/no/such/program" in failure.value.message
    (left,) = site.list("container")
    assert left.status == "failed"
    assert "/no/such/program" in left.private["detail"]


def test_files_and_secrets(site):
    item = site.create(
        site.container(
            user="1000:1000",
            files=[
                {"target": "/srv/deep/down.conf", "content": "a=1\n", "mode": 0o640, "uid": "1000"},
                {
                    "target": "/srv/bytes",
                    "content": base64.b64encode(b"\xff\x00").decode(),
                    "encoding": "base64",
                },
            ],
            secrets=[
                {
                    "target": "/run/secrets/key",
                    "content": "hush-hush",
                    "mode": 0o400,
                    "uid": "1000",
                    "gid": "1000",
                }
            ],
        )
    )
    assert site.run(item, "cat", "/srv/deep/down.conf") == "a=1\n"
    assert site.run(item, "stat", "-c", "%a %u %g", "/srv/deep/down.conf").strip() == "640 1000 0"
    assert site.run(item, "cat", "/run/secrets/key") == "hush-hush"
    assert site.run(item, "stat", "-c", "%a %u %g", "/run/secrets/key").strip() == "400 1000 1000"
    told = repr(site.client.inspect_container(item.identifier)) + repr(site.trace) + repr(item)
    assert "hush-hush" not in told
    site.client.restart(item.identifier, timeout=0)
    assert site.run(item, "cat", "/run/secrets/key") == "hush-hush"


def test_files_in_a_read_only_container_and_below_a_tmpfs(site):
    item = site.create(
        site.container(
            options={"read_only": True},
            mounts=[{"kind": "tmpfs", "target": "/run", "source": "", "size_mib": 1}],
            secrets=[{"target": "/run/secrets/key", "content": "hush"}],
            files=[{"target": "/etc/app/app.conf", "content": "on"}],
        )
    )
    assert site.run(item, "cat", "/run/secrets/key", "/etc/app/app.conf") == "hushon"
    mounts = site.client.inspect_container(item.identifier)["Mounts"]
    own = [m["Name"] for m in mounts if m["Type"] == "volume"]
    assert len(own) == 2
    site.delete(item)
    left = {v["Name"] for v in site.client.volumes()["Volumes"] or ()}
    assert not left & set(own)


def test_an_owner_must_be_a_number(site):
    with pytest.raises(ProviderError, match="needs a number"):
        site.create(site.container(files=[{"target": "/x", "content": "", "uid": "www-data"}]))


def test_limits_and_restart_policy_change_in_place(site):
    want = site.container(limits={"cpu": 0.5, "memory_mib": 64, "pids": 50})
    item = site.create(want)
    assert item.properties["limits"] == {"cpu": 0.5, "memory_mib": 64, "pids": 50}
    assert item.properties["restart"] == {"condition": "no"}
    more = site.container(
        limits={"cpu": 0.25, "memory_mib": 256},
        restart={"condition": "on-failure", "attempts": 3},
    )
    changed = site.update(item, more)
    assert changed.identifier == item.identifier
    assert changed.properties["limits"]["cpu"] == 0.25
    assert changed.properties["limits"]["memory_mib"] == 256
    assert changed.properties["restart"] == {"condition": "on-failure", "attempts": 3}
    free = site.update(changed, site.container())
    host = site.client.inspect_container(free.identifier)["HostConfig"]
    info = site.client.info()
    assert host["NanoCpus"] == info["NCPU"] * 10**9
    assert host["Memory"] == info["MemTotal"]
    assert not host["PidsLimit"] or host["PidsLimit"] < 0
    assert free.properties["restart"] == {"condition": "no"}


def test_it_is_called_otherwise_as_it_runs(site):
    net = site.network().properties["name"]
    item = site.create(site.container(networks={net: {}}, names={net: ["db"]}))
    asker = site.create(site.container("asker", networks={net: {"aliases": []}}))
    began = site.client.inspect_container(item.identifier)["State"]["StartedAt"]
    assert item.properties["names"] == {net: ["db"]}
    assert reached(site, asker, "db", item)
    item = site.update(item, site.container(networks={net: {}}, names={net: []}))
    assert item.properties["names"] == {net: []}
    assert not reached(site, asker, "db", item)
    # As where an update was cut off between its two calls.
    site.client.disconnect_container_from_network(item.identifier, net, force=True)
    item = site.update(item, site.container(networks={net: {}}, names={net: ["db", "store"]}))
    assert item.properties["names"] == {net: ["db", "store"]}
    assert reached(site, asker, "store", item)
    assert site.client.inspect_container(item.identifier)["State"]["StartedAt"] == began


def reached(site, asker, name, item):
    """Whether a name is this container's, for another in its network."""
    (address,) = item.properties["addresses"].values()
    said = site.run(asker, "sh", "-c", f"busybox nslookup {name} 127.0.0.11 || true")
    return f"Address: {address}\n" in said


def test_drift_shows(site):
    net = site.network()
    name = net.properties["name"]
    item = site.create(site.container(networks={name: {"aliases": ["web"]}}))
    assert item.properties["networks"][name]["aliases"] == ["web"]
    assert item.properties["addresses"].keys() == {name}
    site.client.disconnect_container_from_network(item.identifier, name, force=True)
    assert name not in site.read(item).properties["networks"]


def test_options_reach_the_engine(site):
    options = {
        "cap_add": ["NET_ADMIN"],
        "cap_drop": ["MKNOD"],
        "devices": [{"source": "/dev/null", "target": "/dev/nil", "permissions": "r"}],
        "dns": ["192.0.2.53"],
        "extra_hosts": {"far": "192.0.2.7"},
        "hostname": "named",
        "init": True,
        "logging": {"driver": "json-file", "options": {"max-size": "1m"}},
        "oom_score_adj": 300,
        "shm_size": "16777216",
        "sysctls": {"net.core.somaxconn": "512"},
        "ulimits": {"nofile": {"soft": 1000, "hard": 2000}},
    }
    net = site.network().properties["name"]
    want = site.container(
        options=options,
        host_aliases=["host.docker.internal"],
        networks={net: {"aliases": []}},
        mounts=[
            {"kind": "tmpfs", "target": "/quick", "source": "", "size_mib": 2,
             "options": {"mode": "0700"}},
            {"kind": "bind", "source": str(site.folder / "made"), "target": "/bound"},
        ],
        publish=[{"target": 53, "published": 28533, "address": "127.0.0.1", "protocol": "udp"}],
        labels={"team": "blue"},
    )  # fmt: skip
    item = site.create(want)
    host = site.client.inspect_container(item.identifier)["HostConfig"]
    assert host["CapAdd"] in (["NET_ADMIN"], ["CAP_NET_ADMIN"])
    assert host["OomScoreAdj"] == 300
    assert host["ShmSize"] == 16 * 1024 * 1024
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "1m"}}
    assert site.run(item, "hostname").strip() == "named"
    assert "192.0.2.7\tfar" in site.run(item, "cat", "/etc/hosts")
    assert "host.docker.internal" in site.run(item, "cat", "/etc/hosts")
    assert host["Ulimits"] == [{"Name": "nofile", "Soft": 1000, "Hard": 2000}]
    assert site.run(item, "cat", "/proc/sys/net/core/somaxconn").strip() == "512"
    assert "size=2048k,mode=700" in site.run(item, "cat", "/proc/mounts")
    site.run(item, "sh", "-c", "echo x > /bound/x && cat /dev/nil")
    assert (site.folder / "made" / "x").read_text() == "x\n"
    assert item.properties["ports"] == {"53": 28533}
    assert site.client.inspect_container(item.identifier)["Config"]["Labels"]["team"] == "blue"


@pytest.mark.parametrize(
    ("options", "word"),
    [({"annotations": {"a": "b"}}, "1.43"), ({"warp_drive": True}, "warp_drive")],
)
def test_what_this_engine_cannot_is_refused_before_anything_is_made(site, options, word):
    if site.provider._engine.api >= (1, 43) and word == "1.43":
        pytest.skip("this Engine is new enough")
    with pytest.raises(ProviderError) as failure:
        site.create(site.container(options=options))
    assert failure.value.code == "InvalidRequest"
    assert word in failure.value.message
    assert site.list("container") == ()


def test_it_is_asked_to_end_before_it_is_killed(site):
    polite = 'trap "echo bye; exit 0" USR1; while :; do sleep 0.1; done'
    item = site.create(
        site.container(command=["sh", "-c", polite], stop_signal="SIGUSR1", stop_grace_s=30)
    )
    op = site.operation(item.address)
    first = site.provider.delete(item, op)
    assert isinstance(first, Pending)
    assert site.client.wait(item.identifier, timeout=20)["StatusCode"] == 0
    assert site.client.logs(item.identifier).strip() == b"bye"
    assert site.provider.delete(item, replace(op, resume=first.resume)) == Done(None)
    stubborn = site.create(
        site.container("stubborn", command=["sh", "-c", "trap '' TERM; sleep 99"], stop_grace_s=1)
    )
    site.delete(stubborn)
    assert site.read(stubborn) is None


def test_a_component_in_anothers_network_namespace(site):
    main = site.create(site.container("main", options={"network_mode": "none"}))
    side = site.container("side", options={"network_mode": f"container:{main.identifier}"})
    found = site.client.inspect_container(site.create(side).identifier)
    assert found["HostConfig"]["NetworkMode"] == f"container:{main.identifier}"
