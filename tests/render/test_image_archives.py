"""A saved image without the layers that are there: what travels, and what the archive is then."""

import io
import json
import tarfile

import pytest

from moot.render.image import Unreadable, contents, filtered, missing_layers


def saved(layers, links=None, layout="{}/layer.tar", up=1):
    """What `docker save` writes: layers by their content, and links in the place of some."""
    packed = io.BytesIO()
    paths = [layout.format(n) for n in range(len(layers))]
    config = {"rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}" for layer in layers]}}
    manifest = [{"Config": "c.json", "RepoTags": None, "Layers": paths}]
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for n, (path, layer) in enumerate(zip(paths, layers, strict=True)):
            entry = tarfile.TarInfo(path)
            if n in (links or {}):
                entry.type, entry.linkname = tarfile.SYMTYPE, f"{'../' * up}{links[n]}/layer.tar"
                tar.addfile(entry)
            else:
                entry.size = 1000 + n
                tar.addfile(entry, io.BytesIO(layer.encode() * entry.size))
        for name, value in (("c.json", config), ("manifest.json", manifest)):
            content = json.dumps(value).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed


def names(file, missing):
    packed = contents(file)
    pieces = b"".join(filtered(file, packed, frozenset(f"sha256:{one}" for one in missing)))
    assert len(pieces) == packed.length(frozenset(f"sha256:{one}" for one in missing))
    with tarfile.open(fileobj=io.BytesIO(pieces)) as tar:
        return {m.name: tar.extractfile(m).read() if m.isreg() else b"" for m in tar}


@pytest.mark.parametrize(
    ("layers", "present", "missing"),
    [
        ("abc", [], "abc"),
        ("abc", ["abc"], ""),
        ("abc", ["abcd"], ""),
        ("abc", ["abx"], "c"),
        ("abc", ["x", "ab", "a"], "c"),
        ("abc", ["bc"], "abc"),  # the same contents on another ground are other layers
        ("abac", ["ab"], "ac"),  # the second a is on b, where it is not yet
        ("", ["a"], ""),
    ],
)
def test_a_layer_is_there_where_all_below_it_is(layers, present, missing):
    assert missing_layers(layers, present) == frozenset(missing)


def test_only_missing_layers_are_in_the_archive():
    file = saved("abc")
    kept = names(file, "c")
    assert kept.keys() == {"2/layer.tar", "c.json", "manifest.json"}
    assert kept["2/layer.tar"] == b"c" * 1002
    assert names(file, "abc").keys() == {f"{n}/layer.tar" for n in range(3)} | {
        "c.json",
        "manifest.json",
    }


def test_what_a_link_leads_to_goes_with_it():
    kept = names(saved("aba", links={2: 0}), "a")
    assert kept.keys() == {"0/layer.tar", "2/layer.tar", "c.json", "manifest.json"}


def test_the_manifest_says_which_file_is_a_layer():
    file = saved("ab", layout="blobs/sha256/{}")
    assert names(file, "b").keys() == {"blobs/sha256/1", "c.json", "manifest.json"}


@pytest.mark.parametrize("content", [b"", b"nothing of the kind" * 100])
def test_anything_else_is_said_to_be_so(content):
    with pytest.raises(Unreadable):
        contents(io.BytesIO(content))


def test_an_archive_that_was_cut_short_is_noticed():
    whole = saved("ab").getvalue()
    packed = contents(io.BytesIO(whole))
    with pytest.raises(Unreadable):
        list(filtered(io.BytesIO(whole[:1500]), packed, frozenset({"sha256:a", "sha256:b"})))


@pytest.mark.parametrize(("links", "up"), [({0: 1, 1: 0}, 1), ({0: 0}, 1), ({0: 1}, 9)])
def test_links_that_lead_nowhere_are_said_to_be_so(links, up):
    with pytest.raises(Unreadable):
        contents(saved("ab", links=links, up=up))


def test_a_manifest_that_is_a_link_to_itself_is_said_to_be_so():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("manifest.json")
        entry.type, entry.linkname = tarfile.SYMTYPE, "manifest.json"
        tar.addfile(entry)
    with pytest.raises(Unreadable):
        contents(packed)
