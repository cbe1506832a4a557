"""What a swarm is told of a component, and which of its tasks stands for which replica."""

import pytest

from moot.provider import ProviderError
from moot.providers.docker.names import container_name, object_name
from moot.providers.docker.swarm.observation import detail_of, status_of
from moot.providers.docker.swarm.slots import names_of, put, seated
from moot.providers.docker.swarm.spec import service_body

PLACED = {"image": "sha256:1", "constraints": ["node.id==me"]}


def task(slot, desired="running", at=1, status="running", **spec):
    return {
        "Slot": slot,
        "DesiredState": desired,
        "CreatedAt": f"2026-01-01T00:00:{at:02}Z",
        "Status": {"State": status},
        "Spec": {"ContainerSpec": {}, **spec},
    }


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([], {}),
        ([task(1), task(2)], {"web-0": 1, "web-1": 2}),
        ([task(1), task(3)], {"web-0": 1, "web-1": 3}),  # Swarm ended the second of three
        ([task(1), task(2, "remove"), task(3)], {"web-0": 1, "web-1": 3}),
        ([task(2)], {"web-1": 2}),
        ([task(1, "shutdown", status="complete"), task(2)], {"web-0": 1, "web-1": 2}),
        ([task(5), task(7)], {"web-0": 5, "web-1": 7}),
    ],
)
def test_replica_0_is_slot_1_where_there_is_one(tasks, expected):
    found = seated(["web-1", "web-0"], tasks)
    assert {name: one["Slot"] for name, one in found.items()} == expected


def test_the_newest_task_of_a_slot_counts_and_one_that_is_to_run_is_newer():
    old, new = task(1, "shutdown", at=9), task(1, "running", at=3)
    assert seated(["web-0"], [old, new]) == {"web-0": new}
    later = task(1, "running", at=4)
    assert seated(["web-0"], [later, new]) == {"web-0": later}


def test_as_many_replicas_as_slots():
    spec = {"Labels": {"other": "x"}}
    for name in ("web-0", "web-10", "web-2", "web-2-r2"):
        put(spec, name, {"moot.uid": name})
    assert spec["Mode"] == {"Replicated": {"Replicas": 4}}
    assert names_of(spec["Labels"]) == ["web-0", "web-2", "web-2-r2", "web-10"]
    put(spec, "web-2", None)
    put(spec, "web-2", None)
    assert spec["Mode"] == {"Replicated": {"Replicas": 3}}
    assert spec["Labels"]["other"] == "x"


@pytest.mark.parametrize(
    ("state", "condition", "status"),
    [
        ("pending", "none", "starting"),
        ("running", "none", "running"),
        ("complete", "none", "completed"),
        ("complete", "on-failure", "completed"),
        ("complete", "any", "starting"),
        ("failed", "none", "failed"),
        ("failed", "on-failure", "starting"),
        ("rejected", "any", "starting"),
    ],
)
def test_one_that_is_started_again_has_not_ended(state, condition, status):
    one = task(1, status=state, RestartPolicy={"Condition": condition})
    assert status_of(one) == status
    assert bool(detail_of(one)) == (state != "running")


def test_a_health_check_that_passed_is_what_lets_a_task_run():
    one = task(1, ContainerSpec={"Healthcheck": {"Test": ["CMD", "true"]}})
    assert status_of(one) == "healthy"


def test_a_service_in_full():
    want = {
        "command": ["serve"],
        "stop_grace_s": 1.5,
        "limits": {"cpu": 0.5, "memory_mib": 64},
        "restart": {"condition": "unless-stopped", "delay_s": 2},
        "mounts": [{"kind": "tmpfs", "target": "/t", "size_mib": 8}],
        "options": {"cap_add": ["CHOWN"], "extra_hosts": {"up": ["10.0.0.1"]}, "dns": "9.9.9.9"},
        "publish": [{"published": 0, "target": 80, "protocol": "tcp"}],
        "constraints": ["node.labels.a == b"],
        "mesh": False,
    }
    body = service_body(want, {"l": "1"}, PLACED, (1, 41))
    task = body["TaskTemplate"]
    assert body["Labels"] == {"l": "1"}
    assert task["Placement"] == {"Constraints": ["node.labels.a == b", "node.id==me"]}
    assert task["RestartPolicy"] == {"Condition": "any", "Delay": 2 * 10**9}
    assert task["Resources"]["Limits"] == {"NanoCPUs": 5 * 10**8, "MemoryBytes": 64 << 20}
    container = task["ContainerSpec"]
    assert container["StopGracePeriod"] == 1_500_000_000
    assert container["CapabilityAdd"] == ["CHOWN"]
    assert container["Hosts"] == ["10.0.0.1 up"]
    assert container["DNSConfig"] == {"Nameservers": ["9.9.9.9"]}
    assert container["Mounts"][0]["TmpfsOptions"] == {"SizeBytes": 8 << 20}
    assert body["EndpointSpec"] == {
        "Mode": "dnsrr",
        "Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishMode": "host"}],
    }


def test_what_no_service_can_have_is_refused():
    with pytest.raises(ProviderError) as failure:
        service_body({"options": {"privileged": True, "pid": "host"}}, {}, PLACED, (1, 41))
    assert failure.value.code == "InvalidRequest"
    assert "'pid', 'privileged'" in failure.value.message


def test_names_that_swarm_takes():
    assert object_name("shop", "web") == "shop_web"
    odd, other = object_name("shop", "bind/a.b/c"), object_name("shop", "bind/a-b/c")
    assert odd != other and odd.startswith("shop_bind-a-b-c-")
    assert len(object_name("shop", "w" * 200)) <= 55


@pytest.mark.parametrize("words", ["a_b", "bind/a_b", "b" * 60])
def test_no_two_apps_mean_the_same_object(words):
    assert object_name("shop", f"a_{words}") != object_name("shop_a", words)


def test_no_name_is_that_of_a_later_incarnation_of_another():
    later = container_name(object_name("shop", "web"), 2)
    assert later == "shop_web-r2" != container_name(object_name("shop", "web-r2"), 1)
