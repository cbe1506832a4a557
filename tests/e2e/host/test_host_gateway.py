"""The gateway: HAProxy with servers that come, go and die while it carries requests."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostsite import Site, always, process, running, until

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Env, Pending, ProviderError
from moot.providers.host import HostProvider

pytestmark = pytest.mark.haproxy
SERVER = Path(__file__).parent / "server.py"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def listener(name: str, port: int, http: bool = True, **changed: Any) -> dict[str, Any]:
    binds = [["127.0.0.1", port]]
    return {"name": name, "binds": binds, "http": http, "retry_all": False, **changed}


def gateway(*listeners: dict[str, Any]) -> Resource:
    return Resource(
        address="shop@laptop/gateway",
        type="host.gateway",
        venue="laptop",
        properties={"listeners": list(listeners)},
    )


def backend(
    door: ConfigurationItem, replica: ConfigurationItem, *, front: str = "web-80", **changed: Any
) -> Resource:
    assert replica.address
    name = replica.address.partition("@")[0]
    return Resource(
        address=f"{name}@laptop/backend/80",
        type="host.backend",
        venue="laptop",
        properties={
            "gateway": door.properties["folder"],
            "listener": front,
            "server": ".".join(name.split("/")[1:]),
            "address": "127.0.0.1",
            "port": replica.properties["ports"]["80"],
            "drain_s": 5.0,
            **changed,
        },
    )


def server(site: Site, index: int, delay_s: float = 0.0, incarnation: int = 1) -> ConfigurationItem:
    command = [sys.executable, "-S", "-E", str(SERVER), str(site.folder / "posts"), str(delay_s)]
    want = process(command, index=index, targets=[80], restart=always())
    return site.create(want, incarnation)


def fetch(port: int, path: str = "/") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


def posted(port: int, body: bytes) -> bytes:
    """The answer to a POST that is sent as one packet, so that HAProxy could repeat all of it."""
    head = f"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head + body)
        return connection.recv(1000)


class Shop:
    """A gateway with one HTTP listener and two servers behind it."""

    def __init__(self, site: Site, http: bool = True) -> None:
        self.site, self.port = site, free_port()
        self.listener = listener("web-80", self.port, http)
        self.door = site.create(gateway(self.listener))
        self.replicas = [server(site, index) for index in range(2)]
        self.backends = [site.create(backend(self.door, item)) for item in self.replicas]

    def worker(self) -> int:
        """The pid of the HAProxy that carries connections."""
        (answer,) = self.site.provider.machine.errand(
            "gateway", folder=self.door.identifier, commands=["show info"]
        )
        return int(re.findall(r"^Pid: (\d+)", answer or "Pid: 0", re.MULTILINE)[0])


@pytest.fixture
def shop(site: Site) -> Shop:
    return Shop(site)


@pytest.fixture(autouse=True)
def tidy(site: Site) -> Any:
    yield
    (site.folder / "posts").unlink(missing_ok=True)


def test_requests_reach_every_replica_and_nothing_is_left(shop: Shop, site: Site) -> None:
    pids = {fetch(shop.port) for _ in range(10)}
    assert pids == {str(site.wait(item, "running").properties["pid"]) for item in shop.replicas}
    master = site.wait(shop.door, "running").properties["pid"]
    worker = shop.worker()
    for item in (*shop.backends, *shop.replicas, shop.door):
        site.delete(item)
    assert not running(master)
    assert not running(worker)
    assert [path for path in site.folder.iterdir() if path.name != "posts"] == []


def test_servers_come_and_go_without_a_reload(shop: Shop, site: Site) -> None:
    before = shop.worker()
    third = server(site, 2)
    made = site.create(backend(shop.door, third))
    assert len({fetch(shop.port) for _ in range(12)}) == 3
    site.delete(made)
    assert len({fetch(shop.port) for _ in range(12)}) == 2
    assert shop.worker() == before


def test_no_traffic_before_it_listens(shop: Shop, site: Site) -> None:
    late = server(site, 2, delay_s=1.0)
    want, op = backend(shop.door, late), site.operation("shop/web/2@laptop/backend/80")
    progress = site.provider.create(want, op)
    assert isinstance(progress, Pending)
    while isinstance(progress, Pending):
        assert fetch(shop.port)
        progress = site.provider.create(want, replace(op, resume=progress.resume))
    site.standing.append((progress.item, op))
    assert isinstance(progress, Done)
    assert len({fetch(shop.port) for _ in range(12)}) == 3


def test_what_is_under_way_is_finished_before_it_leaves(shop: Shop, site: Site) -> None:
    site.delete(shop.backends[1])
    answers: list[str] = []
    request = threading.Thread(target=lambda: answers.append(fetch(shop.port, "/slow")))
    request.start()
    time.sleep(0.3)
    site.delete(shop.backends[0])
    request.join()
    assert answers == [str(site.wait(shop.replicas[0], "running").properties["pid"])]


def test_draining_ends_in_time(site: Site) -> None:
    shop = Shop(site, http=False)
    item = site.update(shop.backends[0], backend(shop.door, shop.replicas[0], drain_s=0.3))
    site.delete(shop.backends[1])
    with socket.create_connection(("127.0.0.1", shop.port)) as stuck:
        stuck.sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.2)
        site.standing = [(x, op) for x, op in site.standing if x != shop.backends[0]]
        site.delete(item)
        stuck.settimeout(5)
        assert stuck.recv(100) == b""


def test_new_listeners_keep_old_connections(site: Site) -> None:
    shop = Shop(site, http=False)
    before, master = shop.worker(), site.wait(shop.door, "running").properties["pid"]
    other = free_port()
    with socket.create_connection(("127.0.0.1", shop.port)) as old:
        old.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        time.sleep(0.1)
        wanted = gateway(shop.listener, listener("api-80", other))
        changed = site.update(shop.door, wanted)
        assert changed.properties["listeners"] == wanted.properties["listeners"]
        assert changed.properties["pid"] == master
        assert shop.worker() != before
        old.sendall(b"\r\n")
        assert old.recv(100).startswith(b"HTTP/1.1 200")
    assert len({fetch(shop.port) for _ in range(8)}) == 2
    third = server(site, 2)
    site.create(backend(shop.door, third, front="api-80"))
    assert fetch(other)


def test_a_killed_haproxy_comes_back_with_its_servers(shop: Shop, site: Site) -> None:
    for which in (shop.worker, lambda: int(site.wait(shop.door, "running").properties["pid"])):
        victim = which()
        os.kill(victim, signal.SIGKILL)
        until(lambda gone=victim: not running(gone))
        until(lambda: shop.worker() > 0)
        assert len({fetch(shop.port) for _ in range(8)}) == 2
    assert site.wait(shop.door, "running").properties["restarts"] == 2


def test_a_port_somebody_holds_is_refused_with_a_name(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(ProviderError, match=rf"port {port} is held by .*{os.getpid()}"):
            site.create(gateway(listener("web-80", port)))
        assert list(site.folder.iterdir()) == []
        door = site.create(gateway(listener("web-80", free_port())))
        with pytest.raises(ProviderError, match=rf"port {port} is held by"):
            site.update(door, gateway(listener("web-80", port)))


def test_without_haproxy_it_says_what_to_install(site: Site) -> None:
    settings = {"local": True, "data": str(site.data), "gateway": {"haproxy": "/no/haproxy"}}
    site.provider = HostProvider("laptop", settings, Env(home=site.folder))
    with pytest.raises(ProviderError) as caught:
        site.create(gateway(listener("web-80", free_port())))
    assert caught.value.remedy == "apt-get install haproxy"


def test_haproxy_need_not_be_on_the_path_of_who_runs_moot(site: Site) -> None:
    env = Env(home=site.folder, environ={"PATH": "/usr/local/bin:/usr/bin:/bin"})
    settings = {"local": True, "data": str(site.data)}
    site.provider = HostProvider("laptop", settings, env)
    assert site.create(gateway(listener("web-80", free_port()))).status == "running"


@pytest.mark.slow
def test_a_killed_replica_costs_no_request(shop: Shop, site: Site) -> None:
    victim = site.wait(shop.replicas[0], "running").properties["pid"]
    url = f"http://127.0.0.1:{shop.port}/"
    load = subprocess.Popen(["wrk", "-t1", "-c8", "-d3", url], stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    os.kill(victim, signal.SIGKILL)
    said, _ = load.communicate(timeout=30)
    assert "Non-2xx" not in said, said
    assert "Socket errors" not in said, said
    assert int(re.findall(r"(\d+) requests in", said)[0]) > 100
    until(lambda: len({fetch(shop.port) for _ in range(8)}) == 2)


@pytest.mark.slow
def test_no_post_is_executed_twice(shop: Shop, site: Site) -> None:
    stop, sent, failed = threading.Event(), [], []

    def post(client: int) -> None:
        for number in range(100000):
            if stop.is_set():
                return
            body = f"{client}-{number}".encode()
            sent.append(body)
            if not posted(shop.port, body).startswith(b"HTTP/1.1 200"):
                failed.append(body)

    clients = [threading.Thread(target=post, args=(client,)) for client in range(6)]
    for client in clients:
        client.start()
    for _ in range(3):
        time.sleep(0.4)
        os.kill(site.wait(shop.replicas[0], "running").properties["pid"], signal.SIGKILL)
    stop.set()
    for client in clients:
        client.join()
    done = (site.folder / "posts").read_bytes().split()
    assert failed, "no request was under way when a replica was killed"
    assert len(done) == len(set(done))
    assert set(sent) - set(failed) <= set(done)
