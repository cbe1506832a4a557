"""First-boot data word for word, as cloud-init and Ignition are given it.

MOOT_REWRITE_EXPECTED=1 writes what comes out instead of comparing it.
"""

import json
import os
from base64 import b64decode
from pathlib import Path

import pytest

from moot.model.first_boot import FirstBoot, HostKey, NewFile, NewUnit, NewUser
from moot.render.first_boot import cloud_init, ignition

HERE = Path(__file__).parent / "first_boot"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0wlQjS6Xk8eSJ3WqLbcq0nYfHh2p0n1u5d8vUoW6Zx"
UNIT = "[Service]\nExecStart=/bin/web\n[Install]\nWantedBy=multi-user.target\n"
BOOT = FirstBoot(
    hostname="web1",
    users=(NewUser(name="ops.team", keys=(f"{KEY} ops",)), NewUser(name="root", keys=(KEY,))),
    files=(
        NewFile(path="/etc/motd", content="hällo: {not a template}\n"),
        NewFile(path="/srv/key", content="AP8=", encoding="base64", mode=0o640, owner="www"),
    ),
    units=(NewUnit(name="web.service", content=UNIT),),
    host_key=HostKey(private="-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", public=KEY),
)
PACKAGES = FirstBoot(packages=("python3", "nginx"), users=(NewUser(name="moot", keys=(KEY,)),))
CASES = {
    "everything.cloud-config": lambda: cloud_init(BOOT),
    "packages.cloud-config": lambda: cloud_init(PACKAGES),
    "everything.ign": lambda: ignition(BOOT),
}


@pytest.mark.parametrize("name", CASES)
def test_document(name):
    said, path = CASES[name](), HERE / name
    if os.environ.get("MOOT_REWRITE_EXPECTED"):
        path.write_text(said)
    assert said == path.read_text()


def test_who_is_not_root_becomes_root_with_either():
    assert '"sudo": "ALL=(ALL) NOPASSWD:ALL"' in cloud_init(BOOT)
    files = {f["path"]: f for f in json.loads(ignition(BOOT))["storage"]["files"]}
    rule = files["/etc/sudoers.d/90-ops_team"]  # sudo reads no names with dots
    assert b64decode(rule["contents"]["source"].partition(",")[2]).startswith(b"ops.team ALL=")


def test_nothing_is_said_of_what_was_not_asked_for():
    told = json.loads(cloud_init(PACKAGES).partition("\n")[2])
    assert set(told) == {"disable_root", "users", "package_update", "packages"}
