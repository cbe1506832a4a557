"""Images from one real Engine to another without a registry: what is missing travels, no more."""

import concurrent.futures
import contextlib
import re
import resource

import pytest

from moot.provider import ProviderError
from tests.e2e.docker.registry import Accepting

pytestmark = pytest.mark.docker

BASE = "moot-tests/busybox:1"
MIB = 1 << 20


@pytest.fixture
def far(site, other_engine):
    """The same site, whose provider now is of an Engine that gets its images from the first."""
    import docker

    near, near_client = site.provider, site.client
    site.client = docker.APIClient(base_url=other_engine, version="auto")
    site.provider = site.again(host=other_engine)
    site.near, site.there = near_client, other_engine
    yield site
    near.close()
    for image in near_client.images():
        for tag in image.get("RepoTags") or ():
            if site.app in tag:
                near_client.remove_image(tag, force=True)
    near_client.close()


def image(site, **properties):
    given = {"reference": BASE, "pull_policy": "missing", "current": True, **properties}
    return site.want("image", "/web@dock/image", **given)


def layered(site, *letters):
    """An image of our own: busybox and a MiB for every letter, no two letters alike."""
    folder = site.folder / "layers"
    folder.mkdir(exist_ok=True)
    for letter in letters:
        (folder / letter).write_bytes(letter.encode() * MIB)
    lines = "".join(f"COPY {letter} /{letter}-{n}\n" for n, letter in enumerate(letters))
    (folder / "Dockerfile").write_text(f"FROM {BASE}\n{lines}")
    for _ in site.near.build(path=str(folder), tag=f"{site.app}-shop:1", rm=True):
        pass
    return f"{site.app}-shop:1"


def loads(site):
    """(layers, MiB) of every transfer so far."""
    lines = [re.search(r"image load, (\d+) layers, ([\d.]+) of", line) for line in site.trace]
    return [(int(found[1]), float(found[2])) for found in lines if found]


def test_only_what_is_missing_travels(far):
    reference = layered(far, "a", "b", "c")
    item = far.create(image(far, reference=reference))
    assert item.properties["id"] == far.near.inspect_image(reference)["Id"]
    first = loads(far)[-1][1]
    assert first >= 3
    assert far.read(item).properties["current"]

    layered(far, "a", "b", "d")
    assert not far.read(item).properties["current"], "another image has that name here by now"
    second = far.create(image(far, reference=reference), incarnation=2)
    assert second.properties["id"] == far.near.inspect_image(reference)["Id"]
    layers, mib = loads(far)[-1]
    assert layers == 1 and 1 <= mib < 1.1
    assert not far.read(item).properties["current"]

    made = far.create(far.container(image=second.properties["id"]))
    assert far.run(made, "stat", "-c", "%s", "/d-2").strip() == str(MIB)


def test_a_layer_that_stands_twice_travels_once_and_arrives(far):
    """The archive has a link in the second place, which leads nowhere if the first is left out."""
    reference = layered(far, "a", "e")
    far.create(image(far, reference=reference))
    layered(far, "a", "e", "b", "e")
    item = far.create(image(far, reference=reference), incarnation=2)
    made = far.create(far.container(image=item.properties["id"]))
    assert far.run(made, "stat", "-c", "%s", "/e-3").strip() == str(MIB)


def test_what_went_missing_meanwhile_is_sent_after_all(far, monkeypatch):
    """The Engine loses its layers between our look and the load: then everything is sent."""
    from moot.providers.docker.transfer import Layers

    reference = layered(far, "f", "g")
    everything = [tuple(far.near.inspect_image(reference)["RootFS"]["Layers"])]
    monkeypatch.setattr(Layers, "present", lambda self: everything)
    item = far.create(image(far, reference=reference))
    assert item.properties["id"] == far.near.inspect_image(reference)["Id"]
    assert [layers for layers, _ in loads(far)] == [0, 3]


def test_a_build_happens_here_and_arrives_there(far):
    folder = far.folder / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nCOPY greeting /greeting\n")
    (folder / "greeting").write_text("hello")
    section = {"context": str(folder), "dockerfile": "Dockerfile", "tags": [f"{far.app}-also:2"]}
    reference = f"{far.app}-web"
    want = image(far, reference=reference, pull_policy="build", build=section)
    item = far.create(want)
    assert far.near.inspect_image(reference)["Id"] == item.properties["id"]
    assert far.client.inspect_image(f"{far.app}-also:2")["Id"] == item.properties["id"]
    made = far.create(far.container(image=item.properties["id"]))
    assert far.run(made, "cat", "/greeting") == "hello"
    far.delete(made)

    (folder / "greeting").write_text("good bye")
    assert not far.read(item).properties["current"]
    far.delete(item)
    for engine in (far.client, far.near):
        assert f"{reference}:latest" not in names(engine), "what we built goes with it"


def test_an_image_that_was_here_stays_here(far):
    """It has a build section, but what was sent is the user's own work."""
    reference = layered(far, "m")
    section = {"context": str(far.folder / "layers"), "dockerfile": "Dockerfile"}
    item = far.create(image(far, reference=reference, build=section))
    far.delete(item)
    assert reference in names(far.near)


def test_what_is_known_by_a_digest_is_run_by_its_id(far):
    """Digests come from registries; an Engine without one gets the image, but not the name."""
    reference = layered(far, "n")
    with Accepting() as registry:
        where = f"127.0.0.1:{registry.port}/{far.app}"
        far.near.tag(reference, where, "1")
        said = far.near.push(where, "1")
        (digest,) = far.near.inspect_image(reference)["RepoDigests"] or pytest.fail(said)
    item = far.create(image(far, reference=digest))
    assert item.properties["id"] == far.near.inspect_image(digest)["Id"]
    assert far.read(item).properties["current"]
    assert not [name for name in names(far.client) if far.app in name and "moot." not in name]
    made = far.create(far.container(image=item.properties["id"], reference=digest))
    assert far.run(made, "stat", "-c", "%s", "/n-0").strip() == str(MIB)


def test_no_room_is_said_to_be_so(far):
    want = image(far, reference=layered(far, "o"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB // 2, hard))
    try:
        with pytest.raises(ProviderError, match="cannot be saved in") as failure:
            far.create(want)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert failure.value.code == "ServiceLimitExceeded"
    (far.folder / "home").write_text("no folder")
    far.folder /= "home"
    with pytest.raises(ProviderError, match="cannot be saved in"):
        far.again(host=far.there)._supply.get(want, lambda note: None)


def test_what_was_built_goes_though_the_depot_is_away(far, docker_host):
    folder = far.folder / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {BASE}\n")
    section = {"context": str(folder), "dockerfile": "Dockerfile"}
    reference = f"{far.app}-web"
    item = far.create(image(far, reference=reference, pull_policy="build", build=section))
    away = {"from": f"unix://{far.folder}/none.sock"}
    with contextlib.closing(far.again(host=far.there, images=away)) as one:
        far.provider, kept = one, far.provider
        far.delete(item)
        far.provider = kept
    assert f"{reference}:latest" not in names(far.client)
    assert f"{reference}:latest" in names(far.near)


def test_a_node_that_is_named_later_gets_it_and_one_that_is_away_does_not(far, docker_host):
    far.provider, kept = far.again(host=docker_host), far.provider
    far.client, there = far.near, far.client
    reference = layered(far, "p")
    item = far.create(image(far, reference=reference))
    far.provider.close()
    far.provider = far.again(
        host=docker_host, swarm={"nodes": [f"unix://{far.folder}/none.sock", far.there]}
    )
    assert not far.read(item).properties["current"], "one of the nodes lacks it"
    again = far.create(image(far, reference=reference), incarnation=2)
    assert there.inspect_image(reference)["Id"] == again.properties["id"]
    assert far.read(again).properties["current"]
    assert any("none.sock goes without" in line for line in far.trace)
    far.provider.close()
    far.provider, far.client = kept, there


def test_where_it_comes_from_can_be_said(far, docker_host):
    reference = layered(far, "h")
    for source, code in (
        ("registry", {"NetworkFailure", "NotFound"}),
        (f"unix://{far.folder}/none.sock", {"NetworkFailure"}),
    ):
        with contextlib.closing(far.again(host=far.there, images={"from": source})) as one:
            far.provider, kept = one, far.provider
            with pytest.raises(ProviderError) as failure:
                far.create(image(far, reference=reference))
            far.provider = kept
            assert failure.value.code in code
    with contextlib.closing(far.again(host=far.there, images={"from": docker_host})) as one:
        far.provider, kept = one, far.provider
        far.create(image(far, reference=reference))
        far.provider = kept


def test_several_that_lack_it_have_it_saved_once(far):
    reference = layered(far, "i", "j")
    others = [far.again(host=far.there) for _ in range(3)]
    want = image(far, reference=reference)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        ids = set(pool.map(lambda one: one._supply.get(want, lambda note: None), others))
    for one in others:
        one.close()
    assert len(ids) == 1
    assert sum("image save" in line for line in far.trace) == 1


def test_components_that_share_an_image_have_it_sent_once(far):
    want = image(far, reference=layered(far, "k", "l"))
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        ids = set(pool.map(lambda _: far.provider._supply.get(want, lambda note: None), range(3)))
    assert len(ids) == 1
    assert len(loads(far)) == 1


def names(client):
    return {tag for image in client.images() for tag in image.get("RepoTags") or ()}
