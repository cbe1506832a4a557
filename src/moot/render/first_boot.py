"""First-boot data: one value as user-data for cloud-init, or as a configuration for Ignition."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator

from moot.model.first_boot import FirstBoot, NewFile, NewUser
from moot.model.value import JSON

# Says all we need, and every Ignition since 2.11 (2021) reads it, those of later versions too.
IGNITION_VERSION = "3.3.0"
KEY_PATH = "/etc/ssh/ssh_host_ed25519_key"


def cloud_init(boot: FirstBoot) -> str:
    """User-data for cloud-init: a cloud-config document.

    It is written as JSON, which is YAML too and leaves no question of quoting.
    """
    units = [NewFile(path=f"/etc/systemd/system/{u.name}", content=u.content) for u in boot.units]
    told: dict[str, JSON] = {
        "hostname": boot.hostname,
        # Not mentioned means locked out: cloud-init turns root's keys into a refusal otherwise.
        "disable_root": not any(user.name == "root" for user in boot.users),
        "users": [_cloud_init_user(user) for user in boot.users],
        "package_update": bool(boot.packages),
        "packages": list(boot.packages),
        "write_files": [_cloud_init_file(file) for file in (*boot.files, *units)],
        "ssh_deletekeys": bool(boot.host_key),
        "ssh_keys": boot.host_key
        and {
            "ed25519_private": boot.host_key.private,
            "ed25519_public": boot.host_key.public,
        },
        "runcmd": list(_starting(boot)),
    }
    said = {key: value for key, value in told.items() if value or key == "disable_root"}
    return "#cloud-config\n" + _text(said)


def ignition(boot: FirstBoot) -> str:
    """A configuration for Ignition, which knows no packages: `boot.packages` must be empty."""
    assert not boot.packages, "whoever asks has to say first that Ignition installs no packages"
    files = [*boot.files, *_ignition_extras(boot)]
    told: dict[str, JSON] = {
        "ignition": {"version": IGNITION_VERSION},
        "passwd": {
            "users": [
                {"name": user.name, "sshAuthorizedKeys": list(user.keys)} for user in boot.users
            ]
        },
        "storage": {"files": [_ignition_file(file) for file in files]},
        "systemd": {
            "units": [
                {"name": unit.name, "enabled": True, "contents": unit.content}
                for unit in boot.units
            ]
        },
    }
    return _text({key: value for key, value in told.items() if any(value.values())})


def _cloud_init_user(user: NewUser) -> JSON:
    keys: JSON = {"name": user.name, "ssh_authorized_keys": list(user.keys)}
    if user.name == "root":
        return keys
    return {**keys, "shell": "/bin/sh", "lock_passwd": True, "sudo": "ALL=(ALL) NOPASSWD:ALL"}


def _cloud_init_file(file: NewFile) -> JSON:
    owner = f"{file.owner}:{file.group}"
    written: dict[str, JSON] = {
        "path": file.path,
        "content": file.content,
        "permissions": f"{file.mode:04o}",
        "owner": owner,
    }
    if file.encoding == "base64":
        written["encoding"] = "b64"
    if owner != "root:root":
        written["defer"] = True  # until packages and users are there
    return written


def _starting(boot: FirstBoot) -> Iterator[JSON]:
    if boot.units:
        yield ["systemctl", "daemon-reload"]
        yield ["systemctl", "enable", "--now", *(unit.name for unit in boot.units)]


def _ignition_extras(boot: FirstBoot) -> Iterator[NewFile]:
    """What cloud-init has keys for, as files."""
    if boot.hostname:
        yield NewFile(path="/etc/hostname", content=f"{boot.hostname}\n")
    for user in boot.users:
        if user.name != "root":
            rule = f"{user.name} ALL=(ALL) NOPASSWD:ALL\n"
            path = f"/etc/sudoers.d/90-{user.name.replace('.', '_')}"  # sudo skips names with dots
            yield NewFile(path=path, content=rule, mode=0o440)
    if key := boot.host_key:
        yield NewFile(path=KEY_PATH, content=key.private, mode=0o600)
        yield NewFile(path=f"{KEY_PATH}.pub", content=f"{key.public}\n")


def _ignition_file(file: NewFile) -> JSON:
    content = file.content
    if file.encoding == "utf-8":
        content = b64encode(content.encode()).decode()
    owner: dict[str, JSON] = {} if file.owner == "root" else {"user": {"name": file.owner}}
    group: dict[str, JSON] = {} if file.group == "root" else {"group": {"name": file.group}}
    return {
        "path": file.path,
        "overwrite": True,
        "mode": file.mode,
        "contents": {"source": f"data:;base64,{content}"},
        **owner,
        **group,
    }


def _text(told: JSON) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
