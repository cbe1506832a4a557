"""Networks and volumes on a real Engine: whose they are, what drifts, and what is never taken."""

import pytest

from moot.provider import ProviderError, Scope

pytestmark = pytest.mark.docker


def network(site, **more):
    name = f"{site.app}_net"
    return site.want("network", "@dock/network/net", name=name, **more)


def volume(site, **more):
    name = f"{site.app}_data"
    return site.want("volume", "@dock/volume/data", name=name, **more)


def test_a_network_comes_and_goes(site):
    ipam = {"config": [{"subnet": "10.213.7.0/24", "gateway": "10.213.7.1"}]}
    want = network(site, internal=True, ipam=ipam, labels={"team": "blue"})
    item = site.create(want)
    assert site.create(want).identifier == item.identifier
    assert item.properties["subnets"] == ["10.213.7.0/24"]
    found = site.client.inspect_network(item.identifier)
    assert found["Internal"]
    assert found["Labels"]["team"] == "blue"
    assert site.list("network") == (item,)
    site.delete(item)
    assert site.read(item) is None
    site.delete(item)


def test_a_strangers_network_is_not_touched(site):
    want = network(site)
    strange = site.client.create_network(want.properties["name"])
    try:
        with pytest.raises(ProviderError) as failure:
            site.create(want)
        assert failure.value.code == "AlreadyExists"
        everything = site.provider.list("docker.network", Scope(installation=None), None).items
        assert [i.address for i in everything if i.identifier == strange["Id"]] == [None]
    finally:
        site.client.remove_network(strange["Id"])


def test_a_network_goes_although_containers_of_its_app_are_in_it(site):
    item = site.create(network(site))
    inside = site.create(site.container(networks={item.properties["name"]: {"aliases": []}}))
    site.delete(item)
    assert site.read(item) is None
    assert site.read(inside).status == "running"


def test_a_network_stays_while_a_stranger_is_in_it(site):
    item = site.create(network(site))
    name = item.properties["name"]
    strange = site.client.create_container(
        "moot-tests/busybox:1", host_config=site.client.create_host_config(network_mode=name)
    )
    site.client.start(strange["Id"])
    try:
        with pytest.raises(ProviderError):
            site.delete(item)
        assert site.read(item) is not None
    finally:
        site.client.remove_container(strange["Id"], force=True)


def test_no_room_for_another_network_is_said(site):
    ipam = {"config": [{"subnet": "10.213.8.0/24"}]}
    site.create(network(site, ipam=ipam))
    other = site.want("network", "@dock/network/two", name=f"{site.app}_two", ipam=ipam)
    with pytest.raises(ProviderError) as failure:
        site.create(other)
    assert failure.value.remedy or failure.value.code in {"AccessDenied", "InvalidRequest"}


def test_data_outlives_its_container(site):
    data = site.create(volume(site, labels={"team": "blue"}))
    assert data.keeps_data
    mounts = [{"kind": "volume", "source": data.properties["name"], "target": "/data"}]
    first = site.create(site.container(mounts=mounts))
    site.run(first, "sh", "-c", "echo kept > /data/x")
    site.delete(first)
    assert site.read(data) is not None
    second = site.create(site.container(mounts=mounts), incarnation=2)
    assert site.run(second, "cat", "/data/x") == "kept\n"
    with pytest.raises(ProviderError) as failure:
        site.delete(data)
    assert failure.value.code == "ResourceConflict"
    site.delete(second)
    site.delete(data)
    assert site.list("volume") == ()


def test_a_strangers_volume_is_not_taken(site):
    want = volume(site)
    site.client.create_volume(want.properties["name"])
    try:
        with pytest.raises(ProviderError) as failure:
            site.create(want)
        assert failure.value.code == "AlreadyExists"
        assert site.list("volume") == ()
    finally:
        site.client.remove_volume(want.properties["name"])
