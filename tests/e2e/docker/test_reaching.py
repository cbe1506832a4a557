"""Ways to an Engine: TLS over TCP, SSH, and every way that does not lead to one."""

import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from moot.provider import Checks, Env, Execs, Logs, Provider, ProviderError
from moot.providers.docker import DockerProvider
from moot.providers.docker.endpoint import endpoint
from moot.providers.docker.tunnel import looked_up

pytestmark = pytest.mark.docker


def provider(tmp_path, configuration=None, **environ):
    env = Env(home=tmp_path, environ={"HOME": str(tmp_path), **environ})
    return DockerProvider("dock", configuration or {}, env)


def test_it_offers_what_the_engine_has(site):
    (offering,) = site.provider.offerings()
    info = site.client.info()
    assert offering.cpu == info["NCPU"]
    assert offering.memory_mib == info["MemTotal"] // 2**20
    assert "runs:container" in offering.traits
    assert offering.names and offering.segmented
    assert offering.machine.startswith("machine:")
    assert host_address_seen_inside(site) == offering.host_address
    assert site.provider.identity() == f"docker:{info['ID']}"
    assert site.provider.checks() == []


def test_what_the_user_says_of_an_engine_is_in_its_offering(site):
    stated = {"region": "eu", "zone": "b", "price": 0.02, "currency": "CHF", "address": "10.0.0.9"}
    (offering,) = site.again(**stated).offerings()
    assert (offering.region, offering.zone, offering.reach) == ("eu", "b", "10.0.0.9")
    assert (str(offering.hourly), offering.currency) == ("0.02", "CHF")


def test_it_is_all_that_it_says(site):
    assert isinstance(site.provider, Checks) and isinstance(site.provider, Logs)
    assert isinstance(site.provider, Execs)
    provider: Provider = site.provider
    assert provider.types() == {f"docker.{kind}" for kind in (
        "network", "volume", "image", "container", "gateway", "backend")}  # fmt: skip


def test_tls(site, tmp_path):
    certificates = made_certificates(tmp_path / "certificates")
    with tls_in_front_of(site.host, certificates) as port:
        files = {name: str(certificates / f"{name}.pem") for name in ("ca", "cert", "key")}
        host = f"tcp://127.0.0.1:{port}"
        assert identity(provider(tmp_path, {"host": host, "tls": files})) == (
            site.provider.identity()
        )
        by_environment = provider(
            tmp_path, DOCKER_HOST=host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(certificates)
        )
        assert identity(by_environment) == site.provider.identity()
        unknown = provider(tmp_path, {"host": host, "tls": {"verify": True}})
        with pytest.raises(ProviderError) as failure:
            identity(unknown)
        assert failure.value.code == "NetworkFailure"
        missing = provider(
            tmp_path, {"host": host, "tls": {**files, "cert": "/none", "key": "/no"}}
        )
        with pytest.raises(ProviderError) as failure:
            identity(missing)
        assert failure.value.code == "InvalidRequest"


def test_ssh(site, tmp_path):
    if not shutil.which("sshd") or not shutil.which("ssh"):
        pytest.skip("sshd is not installed: apt-get install openssh-server")
    with sshd(tmp_path / "ssh") as (port, options):
        path = site.host.removeprefix("unix://")
        configuration = {"host": f"ssh://127.0.0.1:{port}{path}", "ssh_options": options}
        over = site.again(**configuration)
        try:
            assert over.identity() == site.provider.identity()
            assert over.offerings()[0].machine == ""
            site.provider, here = over, site.provider
            item = site.create(site.container(command=["sh", "-c", "echo hello; sleep 99"]))
            site.provider = here
            said = list(over.logs(item, follow=False, tail=None, since=None, stop=lambda: False))
            assert [line.text for line in said] == ["hello"]
        finally:
            over.close()
        refused = site.again(**{**configuration, "ssh_options": ["-o", "BatchMode=yes"]})
        with pytest.raises(ProviderError) as failure:
            refused.identity()
        assert failure.value.code == "NetworkFailure"
        assert "ssh" in failure.value.remedy
        refused.close()


def test_nobody_there(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for host in (f"unix://{tmp_path}/none.sock", f"tcp://127.0.0.1:{port}"):
        absent = provider(tmp_path, {"host": host})
        with pytest.raises(ProviderError) as failure:
            absent.identity()
        assert failure.value.code == "NetworkFailure"
        assert f"the Docker Engine at {host} does not answer: " in failure.value.message
        assert "docker" in failure.value.remedy
        (problem,) = absent.checks()
        assert problem.remedy


def test_an_engine_that_manages_no_swarm(site):
    one = site.again(swarm=True)
    try:
        (problem,) = one.checks()
        assert "no manager" in problem.summary and "swarm init" in problem.remedy
        with pytest.raises(ProviderError) as failure:
            one.offerings()
        assert failure.value.code == "InvalidRequest"
    finally:
        one.close()


def test_what_was_made_before_the_settings_changed_is_still_there(site):
    made = site.create(site.container())
    one = site.again(swarm=True)
    try:
        assert "docker.container" not in one.types()
        site.provider, before = one, site.provider
        assert [i.identifier for i in site.list("container")] == [made.identifier]
        assert before.read(made) == one.read(made)
        site.delete(made)
        assert before.read(made) is None
        site.provider = before
        for kind in ("config", "secret", "service", "task"):
            assert f"docker.{kind}" not in before.types()
            assert site.list(kind) == (), "this Engine is in no swarm"
    finally:
        one.close()


def test_a_host_is_no_option_of_ssh(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = provider(tmp_path, {"host": "ssh://-oproxycommand=id>owned"})
    with pytest.raises(ProviderError, match="ssh to -oproxycommand"):
        one.identity()
    assert not (tmp_path / "owned").exists()
    one.close()


def test_the_name_that_ssh_has_for_a_host(tmp_path):
    (tmp_path / "config").write_text("Host build1\n  HostName 10.9.8.7\n")
    assert looked_up(urlsplit("ssh://build1"), ("-F", f"{tmp_path}/config")) == "10.9.8.7"


def test_where_others_reach_it(site, tmp_path):
    assert site.provider.offerings()[0].reach == ""
    stated = site.again(address="10.1.2.3")
    assert stated.offerings()[0].reach == "10.1.2.3"
    stated.close()


def test_no_engine_has_such_an_address(tmp_path):
    with pytest.raises(ProviderError) as failure:
        provider(tmp_path, {"host": "gopher://x"}).identity()
    assert failure.value.code == "InvalidRequest"


def test_which_engine_is_meant(tmp_path):
    environ = {"HOME": str(tmp_path), "DOCKER_HOST": "tcp://from-environment:2375"}
    assert endpoint({"host": "unix:///mine.sock"}, environ).url == "unix:///mine.sock"
    assert endpoint({}, environ).url == "tcp://from-environment:2375"
    assert not endpoint({}, environ).tls
    assert endpoint({}, {**environ, "DOCKER_TLS_VERIFY": "1"}).tls
    assert endpoint({"host": "unix:///x"}, {}).local
    assert not endpoint({"host": "ssh://x"}, {}).local


def host_address_seen_inside(site):
    """What the Engine itself takes the machine's address to be."""
    extra = {"extra_hosts": {"here": "host-gateway"}, "network_mode": "bridge"}
    hosts = site.run(site.create(site.container(options=extra)), "cat", "/etc/hosts")
    return next(line.split()[0] for line in hosts.splitlines() if line.endswith("\there"))


def identity(one):
    try:
        return one.identity()
    finally:
        one.close()


def made_certificates(folder):
    folder.mkdir()
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        "/CN=moot test", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")  # fmt: skip
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout",
            folder / f"{name}.key", "-out", folder / f"{name}.csr")  # fmt: skip
        run("openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem",
            "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile",
            folder / "names", "-out", folder / f"{name}.pem")  # fmt: skip
    shutil.copy(folder / "client.pem", folder / "cert.pem")
    shutil.copy(folder / "client.key", folder / "key.pem")
    return folder


@contextlib.contextmanager
def tls_in_front_of(host, certificates):
    if not shutil.which("socat"):
        pytest.skip("socat is not installed: apt-get install socat")
    port = free_port()
    listen = (
        f"OPENSSL-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,cert={certificates}/server.pem,"
        f"key={certificates}/server.key,cafile={certificates}/ca.pem,verify=1"
    )
    process = subprocess.Popen(
        ["socat", listen, f"UNIX-CONNECT:{host.removeprefix('unix://')}"],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await_port(port)
        yield port
    finally:
        end(process)


@contextlib.contextmanager
def sshd(folder):
    """A real sshd on loopback that knows one key of its own."""
    folder.mkdir()
    for name in ("host", "user"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
    shutil.copy(folder / "user.pub", folder / "authorized")
    port = free_port()
    settings = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
    }
    (folder / "sshd_config").write_text("".join(f"{k} {v}\n" for k, v in settings.items()))
    Path("/run/sshd").mkdir(parents=True, exist_ok=True)
    argv = [shutil.which("sshd"), "-D", "-e", "-f", str(folder / "sshd_config")]
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        await_port(port)
        known = f"[127.0.0.1]:{port} " + " ".join((folder / "host.pub").read_text().split()[:2])
        (folder / "known").write_text(known + "\n")
        yield port, ["-i", str(folder / "user"), "-o", f"UserKnownHostsFile={folder}/known",
                     "-o", "IdentitiesOnly=yes"]  # fmt: skip
    finally:
        end(process)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def await_port(port):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(*argv):
    subprocess.run([str(word) for word in argv], check=True, capture_output=True)
