"""`moot offerings refresh` where something goes wrong: nothing is lost, and all is told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import pytest
from vendors import AN_ITEM, AZURE, EC2, GCP, INDEX, KEY, Reply, Run, Vendors, prices

from moot.market import azure, download, refresh, steady

M5 = {"Instance Type": "m5.large", "PricePerUnit": "0.1"}
ENDLESS = {"armSkuName": "Standard_D2s_v3", "retailPrice": float("inf")}
BAD = (
    "http://",
    "http://x:port",
    "http://[::1",
    "http://a b.test",
    "http://a..b",
    "http://x:99999",
)


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(b"busy", 503),
        Reply(b"slow down", 429, {"Retry-After": "0"}),
        Reply(b"x" * 100, cut=20),
        Reply(b"x" * 100, headers={"Content-Length": "5000"}, cut=100),
    ],
    ids=["busy", "throttled", "cut", "short"],
)
@pytest.mark.parametrize("packed", [True, False])
def test_what_passes_is_tried_again(trouble: Reply, packed: bool, told: Run, there: Vendors):
    path = there.aws("eu-west-1", M5)
    there.packed = packed
    there.troubles = {INDEX: [trouble, trouble], path: [trouble, trouble]}
    assert told("offerings refresh --vendor aws")[0] == 0
    assert prices(told, "aws", "eu-west-1") == {"m5.large": ("0.1", "2026-11-20")}


def test_an_answer_cut_short_is_never_taken_for_the_whole(told: Run, there: Vendors):
    before = prices(told, "aws", "eu-west-1")
    there.packed = False
    path = there.aws("eu-west-1", *({**M5, "Instance Type": f"m{n}.large"} for n in range(50)))
    there.aws("eu-west-2", M5)
    whole = there.lists["eu-west-1"]
    there.troubles = {path: [Reply(whole, cut=len(whole) - len(whole) // 4)] * 3}
    code, _, err = told("offerings refresh --vendor aws")
    assert code == 1 and "ended before all of it had come" in err and "Traceback" not in err
    assert prices(told, "aws", "eu-west-1") == before
    assert not [target for target in there.asked if "eu-west-2" in target]  # the way is cut


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (b"", "begin as a price list"),
        (b"<html>please log in</html>", "begin as a price list"),
        (b"\xff\xfe\x00", "cannot be understood"),
        (b'"Publication Date","yesterday"\n"SKU"\n', "cannot be understood"),
        (b'"Publication Date","2026-11-20T1"\n"SKU","TermType"\n', "no column Unit"),
        (b'"', "begin as a price list"),
        (b"x" * (2 << 20), "no text of lines"),
    ],
    ids=["empty", "html", "binary", "date", "columns", "quote", "endless"],
)
def test_what_is_no_price_list(odd: bytes, said: str, told: Run, there: Vendors):
    before = prices(told, "aws", "eu-west-1")
    there.aws("eu-west-1", M5)
    there.aws("eu-west-2", M5)
    there.lists["eu-west-1"] = odd
    code, out, err = told("offerings refresh --vendor aws")
    assert code == 1 and said in err and "Traceback" not in err and "internal error" not in err
    assert out.split()[-4:] == ["aws", "1", "0", "1"]  # the other region came
    assert prices(told, "aws", "eu-west-1") == before


def test_a_line_that_lacks_columns(told: Run, there: Vendors):
    there.aws("eu-west-1", M5)
    there.lists["eu-west-1"] += b'"SKU9","JRTCKXETXF","x","OnDemand"\n'
    code, _, err = told("offerings refresh --vendor aws")
    assert code == 1 and "a line has 4 columns" in err


def test_a_list_of_nothing_leaves_what_was(told: Run, there: Vendors):
    before = prices(told, "azure", "westeurope")
    code, out, _ = told("offerings refresh --vendor azure --region westeurope --json")
    answer = json.loads(out)
    assert code == 1 and "no machine with Linux" in answer["regions"][0]["reason"]
    assert answer["errors"][0]["summary"] == "the prices of azure in westeurope stay as they were"
    assert prices(told, "azure", "westeurope") == before


@pytest.mark.parametrize(
    "page",
    [
        b"[]",
        b"{}",
        b'{"Items": [], "NextPageLink": 3}',
        b'{"Items": [{}], "NextPageLink": null}',
        b'{"Items": [3], "NextPageLink": null}',
        b"no",
    ],
)
def test_what_is_no_page(page: bytes, told: Run, there: Vendors):
    there.troubles = {AZURE: [Reply(page)]}
    code, _, err = told("offerings refresh --vendor azure --region westeurope")
    assert code == 1 and "internal error" not in err and "stay as they were" in err


@pytest.mark.parametrize("index", [b"[]", b'{"regions": {"x": {}}}', b'{"regions": 3}', b"nothing"])
def test_what_is_no_index(index: bytes, told: Run, there: Vendors):
    there.troubles = {INDEX: [Reply(index)]}
    code, _, err = told("offerings refresh --vendor aws")
    assert code == 1 and "internal error" not in err and "the prices of aws stay" in err


def test_a_page_that_leads_to_itself_comes_to_an_end(
    told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(azure, "MOST_PAGES", 5)
    page = json.dumps({"Items": [], "NextPageLink": "https://elsewhere.test/?a=b"}).encode()
    there.troubles = {AZURE: [Reply(page)] * 9}
    code, _, err = told("offerings refresh --vendor azure --region westeurope")
    assert code == 1 and "no last page" in err
    assert len(there.troubles[AZURE]) == 4  # all were asked here, whatever the link says


def test_no_network(told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch):
    nobody = nowhere()
    for name in ("MOOT_PRICES_AWS", "MOOT_PRICES_AZURE"):
        monkeypatch.setenv(name, nobody)
    code, out, err = told("offerings refresh")
    assert code == 1 and err.count("cannot be reached") == 3
    assert "whether MOOT_PRICES_AWS names" in err and "HTTPS_PROXY" in err
    assert out.split()[-12:] == [
        *("aws", "0", "0", "1"), *("aws-spot", "0", "0", "1"), *("azure", "0", "0", "1")
    ]  # fmt: skip


def test_a_vendor_that_says_nothing(told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(download, "PATIENCE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MOOT_PRICES_AWS", f"http://127.0.0.1:{silent.getsockname()[1]}")
        code, _, err = told("offerings refresh --vendor aws")
    assert code == 1 and "timed out" in err


@pytest.mark.parametrize("drips", ["body", "all"])
def test_a_vendor_that_drips(
    drips: Literal["body", "all"], told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch
):
    """A byte always comes before the patience ends."""
    monkeypatch.setattr(steady, "WINDOW_S", 0.1)
    there.packed = False
    there.troubles = {INDEX: [Reply(b'{"regions": {}}'.ljust(100), drips=drips)] * 3}
    code, _, err = told("offerings refresh --vendor aws")
    assert code == 1 and f"{there.url}{INDEX} is too slow: " in err and " bytes came in 0.1" in err
    assert "name a faster mirror in MOOT_PRICES_AWS, or unset it" in err
    assert len([target for target in there.asked if target == INDEX]) == 3


def remedies(told: Run, vendor: str, region: str = "") -> tuple[str, str]:
    """Of the first that failed why it did, and what can be done."""
    code, out, err = told(f"offerings refresh --vendor {vendor} {region} --json")
    error = json.loads(out)["errors"][0]
    assert code == 1 and "Error(" not in out and "internal error" not in out + err
    return error["detail"], error["remedy"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b"", 404), "answers 404"),
        (Reply(b"<html>log in</html>"), "is no JSON, by its line 1"),
        (Reply(b"[" * 200_000), "is no JSON"),
        (Reply(b'"text"'), "it has a value of another kind than is documented"),
        (Reply(b'{"Items": [{}], "NextPageLink": null}'), "it has no unitOfMeasure"),
        (
            Reply(json.dumps({"Items": [{**AN_ITEM, **ENDLESS}]}).encode()),
            "it has a value of another kind than is documented",
        ),
        (Reply(b"", 302, {"Location": AZURE}), "leads in a circle, or to no address of HTTP"),
        (Reply(b"", 302, {"Location": "ftp://x.test"}), "leads in a circle, or to no address"),
    ],
    ids=["404", "html", "deep", "text", "key", "endless", "circle", "ftp"],
)
def test_rubbish_points_to_who_answers(reply: Reply, said: str, told: Run, there: Vendors):
    there.troubles = {AZURE: [reply] * 20}
    detail, remedy = remedies(told, "azure", "--region westeurope")
    assert said in detail and "\n" not in detail
    assert "into MOOT_PRICES_AZURE, or unset it" in remedy and "goes on" not in remedy


def test_rubbish_from_the_vendors_own_address_points_to_what_is_between(
    told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(refresh, "AZURE", there.url)
    monkeypatch.setattr(azure, "BASE", there.url)
    monkeypatch.delenv("MOOT_PRICES_AZURE")
    there.troubles = {AZURE: [Reply(b"<html>log in</html>")]}
    remedy = remedies(told, "azure", "--region westeurope")[1]
    assert "a login (HTTPS_PROXY), or name a mirror in MOOT_PRICES_AZURE" in remedy
    there.troubles = {AZURE: [Reply(b"", 503)] * 3}
    assert "wait a while" in remedies(told, "azure", "--region westeurope")[1]
    monkeypatch.setattr(refresh, "AZURE", nowhere())
    monkeypatch.setattr(azure, "BASE", refresh.AZURE)
    assert "behind a proxy set HTTPS_PROXY" in remedies(told, "azure", "--region westeurope")[1]


def test_a_key_that_is_refused(told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOOT_PRICES_GCP_KEY", "another")
    assert remedies(told, "gcp")[1].endswith("into MOOT_PRICES_GCP_KEY")


def nowhere() -> str:
    """An address at which nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_proxy_is_asked(told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch):
    there.aws("eu-west-1", M5)
    for name, value in (("http_proxy", there.url), ("no_proxy", "")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOOT_PRICES_AWS", "http://prices.test")
    assert told("offerings refresh --vendor aws")[0] == 0
    assert there.asked[0] == f"http://prices.test{INDEX}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--vendor gcp", "MOOT_PRICES_GCP_KEY"),
        ("--vendor aws --region mars-*", "aws has no such region"),
        ("--forget --vendor aws", "--forget"),
    ],
)
def test_what_is_not_understood(options: str, said: str, told: Run, there: Vendors):
    there.aws("eu-west-1", M5)
    code, out, err = told(f"offerings refresh {options}")
    assert (code, out) == (2, "") and said in err


@pytest.mark.parametrize(
    "address", ["ftp://prices.test", "file:///etc/passwd", "prices.test", *BAD]
)
def test_only_http(address: str, told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOOT_PRICES_AWS", address)
    code, _, err = told("offerings refresh --vendor aws")
    assert code == 1 and "no address of HTTP" in err and "MOOT_PRICES_AWS, or unset it" in err


def test_a_damaged_file_is_named_and_can_be_forgotten(told: Run, there: Vendors, tmp_path: Path):
    there.aws("eu-west-1", M5)
    assert told("offerings refresh --vendor aws")[0] == 0
    kept = tmp_path / "home" / "market.json.gz"
    for damaged in (kept.read_bytes()[:-20], b"", b"no"):
        kept.write_bytes(damaged)
        for line in ("offerings", "offerings refresh --vendor aws"):
            code, _, err = told(line)
            assert code == 1 and str(kept) in err and "--forget" in err
    assert told("offerings refresh --forget")[0] == 0
    assert told("offerings --limit 1")[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_who_is_ended_keeps_what_has_come(
    number: signal.Signals, told: Run, there: Vendors, tmp_path: Path
):
    """The second region never comes to an end."""
    there.aws("eu-west-1", M5)
    stuck = there.aws("eu-west-2", M5)
    there.packed = False
    waits = Reply(there.lists["eu-west-2"], headers={"Content-Length": "9999999"})
    there.troubles = {stuck: [waits]}
    command = [sys.executable, "-m", "moot", "offerings", "refresh", "--vendor", "aws"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as child:
        deadline = time.monotonic() + 60
        while not any(target == stuck for target in there.asked):
            assert time.monotonic() < deadline and child.poll() is None
            time.sleep(0.01)
        child.send_signal(number)
        assert "Traceback" not in child.communicate(timeout=60)[1]
    assert child.returncode == (130 if number == signal.SIGINT else -number)
    assert prices(told, "aws", "eu-west-1") == {"m5.large": ("0.1", "2026-11-20")}
    assert [p.name for p in (tmp_path / "home").glob("market*")] == ["market.json.gz"]
    assert told("offerings refresh --vendor aws")[0] == 0
    assert there.asked.count(f"{EC2}/20261120120000/eu-west-1/index.csv") == 1


@pytest.mark.parametrize("key", ["another", "with a blank", "with-a\nline"])
def test_another_key(key: str, told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOOT_PRICES_GCP_KEY", key)
    code, out, err = told("offerings refresh --vendor gcp")
    assert code == 1 and ("answers 400" in err or "is no key" in err)
    assert key not in out + err


@pytest.mark.parametrize("page", [b"[]", b"{}", b'{"skus": [{}]}', b'{"skus": 3}'])
def test_what_is_no_catalogue(
    page: bytes, told: Run, there: Vendors, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MOOT_PRICES_GCP_KEY", KEY)
    there.troubles = {GCP: [Reply(page)]}
    code, _, err = told("offerings refresh --vendor gcp")
    assert code == 1 and "internal error" not in err and "the prices of gcp stay" in err
