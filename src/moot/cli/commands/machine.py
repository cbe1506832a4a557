"""The command that prints first-boot data for a new machine."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from moot.cli.output import Output
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.first_boot import FirstBoot, HostKey, NewFile, NewUnit, NewUser

if TYPE_CHECKING:
    from moot.cli.call import Call

USER = "moot"
OWN_KEYS = ("id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub")
_PUBLIC_KEY = re.compile(r"(?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]+=*(?: .*)?")
_USER_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}")
_UNIT_NAME = re.compile(r"[\w.@-]+\.(?:service|socket|timer|mount|path|target)")


def user_data(call: Call, out: Output) -> int:
    """Print the document, and say on stderr how the machine becomes a venue."""
    given = call.invocation
    format = given.value("format") or "cloud-init"
    boot = FirstBoot(
        hostname=_named(given.value("hostname") or "", _HOST_NAME, "a host name", "web1.example"),
        users=_users(call),
        packages=given.values("package"),
        files=tuple(_file(word) for word in given.values("put")),
        units=tuple(_unit(Path(name)) for name in given.values("unit")),
        host_key=_host_key(given.value("host-key")),
    )
    text = call.moot.user_data(boot, format)
    if out.json_wanted:
        fingerprint = boot.host_key.fingerprint if boot.host_key else None
        out.answer({"documents": [{"format": format, "text": text, "host_key": fingerprint}]})
        return 0
    out.raw(text)
    out.message(_as_a_venue(boot.users[0].name, boot.host_key))
    return 0


def _users(call: Call) -> tuple[NewUser, ...]:
    """Everybody who is named, each with all the keys; the caller's own where none is given."""
    names = call.invocation.values("user") or (USER,)
    files = [Path(name) for name in call.invocation.values("ssh-key")] or list(_own_keys(call))
    if not files:
        raise BadInput(
            Diagnostic(
                summary="nobody could log in to the machine",
                detail=f"no --ssh-key is given, and ~/.ssh has none of {', '.join(OWN_KEYS)}",
                remedy="ssh-keygen -t ed25519, or name a public key with --ssh-key",
            )
        )
    keys = tuple(key for file in files for key in _keys(file))
    users = [_named(name, _USER_NAME, "a user name", "deploy") for name in names]
    return tuple(NewUser(name=user, keys=keys) for user in users)


def _own_keys(call: Call) -> Iterator[Path]:
    folder = Path(call.environ.get("HOME") or Path.home()) / ".ssh"
    return (folder / name for name in OWN_KEYS if (folder / name).is_file())


def _keys(file: Path) -> Iterator[str]:
    lines = _read(file).decode("utf-8", "replace").splitlines()
    found = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not found or not all(_PUBLIC_KEY.fullmatch(line) for line in found):
        private = any("PRIVATE KEY" in line for line in found)
        raise BadInput(
            Diagnostic(
                summary=f"{file} holds no public SSH keys",
                detail="it is a private key, which must never leave your machine"
                if private
                else "each line of it must be a public key in OpenSSH's format",
                remedy=f"name {file}.pub" if private else "name a file such as id_ed25519.pub",
            )
        )
    return iter(found)


def _file(word: str) -> NewFile:
    """A file from TARGET=SOURCE."""
    target, equals, source = word.partition("=")
    if not equals or not target.startswith("/"):
        raise BadInput(
            Diagnostic(
                summary=f"--put does not understand {word}",
                remedy="write TARGET=SOURCE: an absolute path there, and a file here",
            )
        )
    content = _read(Path(source))
    mode = 0o755 if Path(source).stat().st_mode & 0o100 else 0o644
    try:
        return NewFile(path=target, content=content.decode(), mode=mode)
    except UnicodeDecodeError:
        packed = b64encode(content).decode()
        return NewFile(path=target, content=packed, encoding="base64", mode=mode)


def _unit(path: Path) -> NewUnit:
    name = _named(path.name, _UNIT_NAME, "the name of a systemd unit", "shop.service")
    try:
        return NewUnit(name=name, content=_read(path).decode())
    except UnicodeDecodeError as error:
        raise BadInput(
            Diagnostic(
                summary=f"the unit {path} is not UTF-8",
                detail=f"its byte {error.start + 1} belongs to no character",
                remedy="save it as UTF-8, which systemd wants",
            )
        ) from None


def _host_key(name: str | None) -> HostKey | None:
    if name is None:
        return None
    from moot.engine.host_key import host_key

    return host_key(Path(name))


def _named(text: str, pattern: re.Pattern[str], kind: str, example: str) -> str:
    if text and not pattern.fullmatch(text):
        remedy = f"write one like {example}"
        raise BadInput(Diagnostic(summary=f"{text!r} is not {kind}", remedy=remedy))
    return text


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(
            Diagnostic(
                summary=f"{path} cannot be read",
                detail=error.strerror or str(error),
                remedy="name a file that you can read",
            )
        ) from None


def _as_a_venue(user: str, key: HostKey | None) -> str:
    settings = [f"user={user}", *(() if user == "root" else ("sudo=true",))]
    settings += [f"host_key={key.fingerprint}"] if key else []
    return f"once it has booted: moot venue add NAME host host=ADDRESS {' '.join(settings)}"
