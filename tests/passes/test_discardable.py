"""discardable: what keeps data goes only by name, and only when nobody uses it."""

from __future__ import annotations

import pytest

from moot.model.diagnostic import BadInput, Refused
from moot.model.resource import ConfigurationItem
from moot.passes.discardable import discardable


def item(address, *depends_on, keeps_data=False, replica=None):
    return ConfigurationItem(
        type="t", venue="v", identifier=address, address=address, depends_on=depends_on,
        keeps_data=keeps_data, replica=replica,
    )  # fmt: skip


DATA = item("shop@v/volume/data", keeps_data=True)
OTHER = item("shop@w/volume/data", keeps_data=True)
LOGS = item("shop@v/volume/logs", keeps_data=True)
NET = item("shop@v/network/net")


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["logs"], [LOGS]),
        (["data"], [DATA, OTHER]),
        (["shop@w/volume/data"], [OTHER]),
        (["logs", "logs", "shop@v/volume/logs"], [LOGS]),
        ([], []),
    ],
)
def test_by_name_or_address(names, chosen):
    assert discardable(names, [DATA, OTHER, LOGS, NET]) == tuple(chosen)


@pytest.mark.parametrize("name", ["net", "shop@v/network/net", "nothing", "volume", ""])
def test_nothing_but_what_keeps_data(name):
    with pytest.raises(BadInput) as bad:
        discardable([name, "gone", "logs"], [LOGS, NET])
    assert [d.summary for d in bad.value.diagnostics] == [
        f"there is no volume {name!r}",
        "there is no volume 'gone'",
    ]
    assert "logs" in bad.value.diagnostics[0].detail


def test_not_what_something_stands_on():
    user = item("shop/db/0@v/process", DATA.address, replica="shop/db/0")
    with pytest.raises(Refused) as refused:
        discardable(["data", "logs"], [DATA, LOGS, user])
    (problem,) = refused.value.diagnostics
    assert problem.detail == "by shop/db/0"
