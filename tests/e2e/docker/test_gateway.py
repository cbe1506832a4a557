"""The gateway on a real Engine: replicas come, go, die and move without a request being lost."""

import subprocess
import threading
import time
import urllib.request
from dataclasses import replace
from http.client import IncompleteRead

import pytest

from moot.provider import ProviderError

pytestmark = [pytest.mark.docker, pytest.mark.haproxy]

PORT = 28431
KILLS = 3
SERVER = "echo $(hostname) > /www/index.html; exec httpd -f -p 8080 -h /www"


@pytest.fixture
def shop(site):
    return Shop(site)


class Shop:
    """A network, a gateway that publishes `web` and holds its name, and replicas behind it."""

    def __init__(self, site):
        self.site = site
        self.net = site.network()
        self.network = f"{site.app}_net"
        self.gateway = site.create(self.wanted())

    def listener(self, component="web", target=8080, published=(), named=True):
        return {
            "name": f"{component}-{target}",
            "target": target,
            "published": list(published),
            "networks": [self.network] if named else [],
            "http": True,
            "retry_all": False,
        }

    def wanted(self, *more, aliases=("web",)):
        return self.site.want(
            "gateway",
            "@dock/gateway",
            base_name=f"{self.site.app}.gateway",
            image="",
            publish=[{"address": "127.0.0.1", "published": PORT, "inside": 20001}],
            listeners=[self.listener(published=[20001]), *more],
            networks={self.network: {"aliases": sorted(aliases)}},
            network_ids=[self.net.properties["id"]],
        )

    def replica(self, index, incarnation=1, component="web", aliases=(), **properties):
        want = self.site.container(
            component,
            index,
            command=["sh", "-c", SERVER],
            networks={self.network: {"aliases": list(aliases)}},
            restart={"condition": "always"},
            **properties,
        )
        return self.site.create(want, incarnation)

    def behind(self, container, index, incarnation=1, component="web", target=8080):
        want = self.site.want(
            "backend",
            f"/{component}/{index}@dock/backend/{target}",
            gateway=self.gateway.identifier,
            container=container.identifier,
            listener=f"{component}-{target}",
            port=8080,
            drain_s=2,
        )
        return self.site.create(want, incarnation)


def get(path="/"):
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=5) as answer:
        return answer.read().decode().strip()


def test_published_port_and_name_reach_every_replica(shop):
    made = [shop.replica(i) for i in range(2)]
    backends = [shop.behind(c, i) for i, c in enumerate(made)]
    names = {c.identifier[:12] for c in made}
    assert {get() for _ in range(6)} == names
    inside = {shop.site.run(made[0], "wget", "-qO-", "http://web:8080/").strip() for _ in range(6)}
    assert inside == names
    assert {b.address for b in shop.site.list("backend")} == {b.address for b in backends}
    shop.site.delete(backends[0])
    assert {get() for _ in range(6)} == {made[1].identifier[:12]}
    assert shop.site.read(backends[0]) is None
    assert shop.site.read(backends[1]) is not None


def test_nothing_is_lost_while_a_replica_is_killed_and_comes_back(shop):
    for i in range(2):
        shop.behind(shop.replica(i), i)
    victim = shop.site.list("container")[0]
    with Load() as load:
        for _ in range(KILLS):
            load.more(100)
            victim_pid = shop.site.client.inspect_container(victim.identifier)["State"]["Pid"]
            subprocess.run(["kill", "-9", str(victim_pid)], check=True)
            load.more(300)
    assert load.failed == []
    assert load.cut <= KILLS * load.workers
    assert load.done > 1000


def test_a_restarted_replica_is_found_at_its_new_address(shop):
    client = shop.site.client
    made = shop.replica(0)
    shop.behind(made, 0)
    before = address(client, made, shop.network)
    client.stop(made.identifier, timeout=1)
    squatter = shop.replica(0, component="squatter")
    assert address(client, squatter, shop.network) == before, "it takes the free address"
    client.start(made.identifier)
    assert address(client, made, shop.network) != before
    assert until(lambda: get() == made.identifier[:12])


def test_a_new_incarnation_takes_over_without_a_gap(shop):
    old = shop.replica(0)
    old_backend = shop.behind(old, 0)
    with Load() as load:
        load.more(50)
        new = shop.replica(0, incarnation=2)
        shop.behind(new, 0, incarnation=2)
        shop.site.delete(old_backend)
        shop.site.delete(old)
        load.more(50)
    assert (load.failed, load.cut) == ([], 0)
    assert get() == new.identifier[:12]
    assert new.properties["name"].endswith("-web-0-r2")


def test_a_gateway_that_is_killed_comes_back_with_its_replicas(shop):
    made = [shop.replica(i) for i in range(2)]
    backends = [shop.behind(c, i) for i, c in enumerate(made)]
    shop.site.client.restart(shop.gateway.identifier, timeout=1)
    assert until(lambda: get() != "")
    assert {get() for _ in range(6)} == {c.identifier[:12] for c in made}
    assert {i.address for i in shop.site.list("backend")} == {b.address for b in backends}
    other = shop.site.again()  # nothing but the gateway itself knows its back ends
    op = shop.site.operation(backends[0].address)
    other.delete(backends[0], op)
    other.close()
    assert {get() for _ in range(6)} == {made[1].identifier[:12]}


def test_listeners_change_while_requests_are_served(shop):
    shop.behind(shop.replica(0), 0)
    api = shop.replica(0, component="api")
    with Load() as load:
        load.more(50)
        more = shop.listener("api", 8080 + 1)
        shop.gateway = shop.site.update(shop.gateway, shop.wanted(more))
        shop.behind(api, 0, component="api", target=8081)
        load.more(50)
    assert (load.failed, load.cut) == ([], 0)
    assert shop.site.run(api, "wget", "-qO-", "http://web:8081/").strip() == api.identifier[:12]


def test_aliases_are_taken_on_in_place(shop):
    one = shop.replica(0)
    shop.behind(one, 0)
    changed = shop.site.update(shop.gateway, shop.wanted(aliases=("web", "www")))
    assert changed.identifier == shop.gateway.identifier
    assert changed.properties["networks"][shop.network]["aliases"] == ["web", "www"]
    assert shop.site.run(one, "wget", "-qO-", "http://www:8080/").strip() == one.identifier[:12]


def test_more_replicas_than_there_were_slots(shop):
    made = [shop.replica(i) for i in range(10)]
    for i, container in enumerate(made):
        shop.behind(container, i)
    assert {get() for _ in range(40)} == {c.identifier[:12] for c in made}


def test_only_members_of_its_networks_reach_a_component_by_name(shop):
    """The gateway is in both networks, and must not be a bridge between them."""
    site = shop.site
    other = site.create(
        site.want("network", "@dock/network/other", name=f"{site.app}_other"),
    )
    shop.behind(shop.replica(0), 0)
    want = shop.wanted()
    networks = {**want.properties["networks"], other.properties["name"]: {"aliases": ["x"]}}
    want.properties["networks"] = networks
    site.update(shop.gateway, want)
    stranger = site.create(
        site.container(
            "stranger",
            networks={other.properties["name"]: {"aliases": []}},
            command=["sleep", "99"],
        )
    )
    probe = "wget -T 3 -qO- http://x:8080/ 2>/dev/null || echo denied"
    assert site.run(stranger, "sh", "-c", probe).startswith("denied")


def test_a_port_nobody_listens_on_does_not_hold_up_the_first_start(shop):
    idle = shop.site.create(
        shop.site.container(networks={shop.network: {"aliases": []}}, command=["sleep", "999"])
    )
    backend = shop.behind(idle, 0)
    assert shop.site.read(backend) is not None
    with pytest.raises(OSError):
        get()


def test_a_broken_successor_does_not_take_over(shop):
    old = shop.replica(0)
    shop.behind(old, 0)
    idle = shop.site.create(
        shop.site.container(
            index=1, networks={shop.network: {"aliases": []}}, command=["sleep", "999"]
        )
    )
    want = shop.site.want(
        "backend",
        "/web/1@dock/backend/8080",
        gateway=shop.gateway.identifier,
        container=idle.identifier,
        listener="web-8080",
        port=8080,
    )
    op = shop.site.operation(want.address)
    with pytest.raises(ProviderError, match="nothing listens on port 8080"):
        shop.site.drive(
            lambda op: shop.site.provider.create(replace(want, ready_within_s=2.0), op), op
        )
    assert {get() for _ in range(6)} == {old.identifier[:12]}


def address(client, container, network):
    found = client.inspect_container(container.identifier)
    return found["NetworkSettings"]["Networks"][network]["IPAddress"]


def until(true, patience_s=20):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        try:
            if true():
                return True
        except OSError:
            pass
        time.sleep(0.05)
    return False


class Load:
    """Requests without a pause from a few threads; `more` waits for so many further answers.

    Busybox sends an answer's head by itself.  Who is killed before the rest leaves it `cut`, which
    no gateway can mend.
    """

    def __init__(self, workers=4):
        self.workers = workers
        self.failed = []
        self.cut = 0
        self.done = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(workers)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def more(self, count):
        target = self.done + count
        assert until(lambda: self.done >= target, 60), "the load has stopped"

    def _work(self):
        while not self._ended.is_set():
            try:
                get()
                self.done += 1
            except IncompleteRead:
                self.cut += 1
            except OSError as error:
                self.failed.append(f"{type(error).__name__}: {error}")
