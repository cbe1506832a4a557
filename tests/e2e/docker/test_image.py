"""Images on a real Engine: built, rebuilt when files change, held by a name, and left as found."""

from dataclasses import replace

import pytest

from moot.provider import ProviderError
from tests.e2e.docker.registry import Refusing

pytestmark = pytest.mark.docker

BASE = "moot-tests/busybox:1"


@pytest.fixture
def context(site):
    folder = site.folder / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        f"FROM {BASE}\nARG WHO\nCOPY greeting /greeting\nRUN echo $WHO > /who\n"
    )
    (folder / "greeting").write_text("hello")
    (folder / "huge").write_text("left out")
    (folder / ".dockerignore").write_text("# not this\nhuge\n")
    return folder


def image(site, **properties):
    given = {"reference": BASE, "pull_policy": "missing", "current": True, **properties}
    return site.want("image", "/web@dock/image", **given)


def build(site, context, **more):
    section = {"context": str(context), "dockerfile": "Dockerfile", "args": {"WHO": "you"}, **more}
    return image(site, reference=f"{site.app}-web", pull_policy="build", build=section)


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (404, "MANIFEST_UNKNOWN", "NotFound"),
        (404, "NAME_UNKNOWN", "NotFound"),
        (403, "DENIED", "NotFound"),  # which of the two a registry does not tell
        (401, "UNAUTHORIZED", "AccessDenied"),
        (429, "TOOMANYREQUESTS", "Throttling"),
        (500, "UNKNOWN", "NetworkFailure"),
    ],
)
def test_what_a_registry_says_is_tried_again_only_where_that_can_help(site, status, said, code):
    with Refusing(status, said) as registry, pytest.raises(ProviderError) as failure:
        site.create(image(site, reference=f"127.0.0.1:{registry.port}/x:1"))
    assert (failure.value.code, failure.value.retryable) == (code, status in (429, 500))
    assert f"127.0.0.1:{registry.port}/x:1" in failure.value.message
    assert "docker login" in failure.value.remedy


def test_what_is_there_is_used_and_left(site, busybox):
    item = site.create(image(site))
    assert item.properties == {"id": busybox, "current": True}
    assert site.create(image(site)).identifier == item.identifier
    assert [i.identifier for i in site.list("image")] == [item.identifier]
    site.delete(item)
    assert site.read(item) is None
    assert site.client.inspect_image(BASE)["Id"] == busybox
    site.delete(item)


def test_names_that_no_image_may_have(site, busybox):
    want = site.want("image", "/My.Web_1@dock/image", reference=BASE, pull_policy="missing")
    item = site.create(want)
    assert site.read(item).address == f"{site.app}/My.Web_1@dock/image"
    site.delete(item)


def test_build_and_rebuild(site, context):
    item = site.create(build(site, context))
    assert item.properties["current"]
    assert any("building" in note or "packing" in note for note in site.notes)
    one = site.create(site.container(image=item.properties["id"], reference=f"{site.app}-web"))
    assert site.run(one, "cat", "/greeting", "/who") == "helloyou\n"
    (context / "huge").write_text("ignored, whatever it says")
    assert site.read(item).properties["current"]
    (context / "greeting").write_text("good bye")
    assert not site.read(item).properties["current"]
    again = site.create(build(site, context), incarnation=2)
    assert again.properties["id"] != item.properties["id"]
    assert again.properties["current"]
    site.delete(one)
    site.delete(item)
    assert site.client.images(name=f"{site.app}-web") != []
    site.delete(again)
    assert site.client.images(name=f"{site.app}-web") == []


def test_the_same_files_give_the_same_image(site, context):
    first = site.create(build(site, context))
    assert (
        site.create(build(site, context), incarnation=2).properties["id"]
        == (first.properties["id"])
    )


def test_a_users_own_image_is_never_removed(site, context):
    """Neither one that was used instead of a build, nor one that the build came out equal to."""
    reference = f"{site.app}-web:latest"
    own = own_build(site, context, f"{site.app}-kept:1")
    site.delete(site.create(build(site, context), 9))  # this one is ours
    assert site.client.images(name=reference) == []
    site.client.tag(own, f"{site.app}-web")
    for number, policy in enumerate(("missing", "never", "build"), 1):
        want = build(site, context)
        want = replace(want, properties={**want.properties, "pull_policy": policy})
        item = site.create(want, number)
        assert item.properties["id"] == own
        site.delete(item)
        assert site.client.inspect_image(reference)["Id"] == own, policy


def test_what_was_built_goes_though_it_was_found_there_again(site, context):
    """The second is only another name for what the first one's build has brought."""
    first = site.create(build(site, context))
    site.provider.close()
    site.provider = site.again()
    second = build(site, context)
    second = replace(second, properties={**second.properties, "pull_policy": "missing"})
    second = site.create(second, 2)
    site.delete(first)
    assert site.client.images(name=f"{site.app}-web") != []
    site.delete(second)
    assert site.client.images(name=f"{site.app}-web") == []


def test_other_settings_do_not_make_us_forget_that_we_built_it(site, context):
    item = site.create(build(site, context))
    want = build(site, context)
    item = site.update(item, replace(want, properties={**want.properties, "pull_policy": "never"}))
    site.delete(item)
    assert site.client.images(name=f"{site.app}-web") == []


def test_nothing_bears_our_name_without_a_note(site, busybox):
    (site.folder / "docker").write_text("no folder, so that no note can be written")
    with pytest.raises(OSError, match="docker"):
        site.create(image(site))
    assert site.list("image") == ()


def test_a_build_from_words_and_from_a_dockerfile_elsewhere(site, context):
    words = f"FROM {BASE}\nCOPY greeting /inline\n"
    item = site.create(build(site, context, dockerfile_inline=words))
    made = site.create(site.container(image=item.properties["id"]))
    assert site.run(made, "cat", "/inline") == "hello"
    elsewhere = site.folder / "Other.Dockerfile"
    elsewhere.write_text(words.replace("/inline", "/elsewhere"))
    other = site.create(build(site, context, dockerfile=str(elsewhere)), incarnation=2)
    assert other.properties["current"]
    second = site.create(site.container("other", image=other.properties["id"]))
    assert site.run(second, "cat", "/elsewhere") == "hello"


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [("RUN echo a cry for help && exit 4", "a cry for help"), ("NONSENSE", "NONSENSE")],
)
def test_a_failed_build_says_its_last_lines(site, context, dockerfile, words):
    (context / "Dockerfile").write_text(f"FROM {BASE}\n{dockerfile}\n")
    with pytest.raises(ProviderError) as failure:
        site.create(build(site, context))
    assert words in failure.value.message
    assert site.list("image") == ()


def test_a_missing_context_or_dockerfile_is_said(site, context):
    with pytest.raises(ProviderError, match="not a folder on this machine"):
        site.create(build(site, context / "nowhere"))
    with pytest.raises(ProviderError, match="no Dockerfile"):
        site.create(build(site, context, dockerfile="Missing"))


def test_a_reference_that_moved_on_is_noticed(site, context):
    name = f"{site.app}-moving"
    site.client.tag(BASE, name, "1")
    item = site.create(image(site, reference=f"{name}:1"))
    assert site.read(item).properties["current"]
    other = site.create(build(site, context))
    site.client.tag(other.properties["id"], name, "1")
    assert not site.read(item).properties["current"]


def test_never_means_never(site):
    with pytest.raises(ProviderError) as failure:
        site.create(image(site, reference="moot-tests/absent:1", pull_policy="never"))
    assert failure.value.code == "NotFound"
    assert "never" in failure.value.message


def test_always_is_due_at_every_look(site):
    """Another pull is due each time; what it brings decides whether anything changes."""
    registry = Refusing(404, "MANIFEST_UNKNOWN")
    reference = f"127.0.0.1:{registry.port}/shop/web:1"
    with registry, pytest.raises(ProviderError) as failure:
        site.create(image(site, reference=reference, pull_policy="always"))
    assert reference in failure.value.message
    assert any("/v2/" in path for path in registry.asked)


def own_build(site, context, reference):
    """What the user has built by the docker command; gives its id."""
    for _ in site.client.build(path=str(context), tag=reference, rm=True, buildargs={"WHO": "you"}):
        pass
    return site.client.inspect_image(reference)["Id"]
