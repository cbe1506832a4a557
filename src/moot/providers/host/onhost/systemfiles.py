"""A file of the machine: written whole or not at all; what was there before comes back."""

from __future__ import annotations

import os
import stat

from .claims import FOLDER, Claim, claims
from .files import Problem, load, write
from .lean import dumps, sha256, suppress
from .templates import facts

FOLDERS = f"{FOLDER}/folders.json"  # that were made for files
TEMPLATE = r"\$?\$\{([A-Z][A-Z0-9_]*)\}"


def bring(record, wanted):
    """Claim the path, keep what is there, and replace it."""
    path = wanted["path"]
    content = _content(wanted, facts(record.address))
    owner = _owner(wanted["owner"], wanted["group"])
    record.keep(wanted={k: v for k, v in wanted.items() if k not in {"content", "environment"}})
    with claims():
        claim = Claim("file", path)
        claim.hold_alone(record.folder, lambda: _kept(path, claim.kept))
        _make_folders(os.path.dirname(path))
        _replace(path, content, owner, int(wanted["mode"], 8))
        record.keep(stands=True, digest=sha256(content).hexdigest())


def take_back(record):
    """What was there before; nothing where another incarnation has taken over."""
    path = record.wanted.get("path")
    if path is None:
        return
    with claims():
        claim = Claim("file", path)
        if claim.give_up(record.folder):
            _restore(path, claim.before, claim.kept)
            _remove_folders(os.path.dirname(path))
            claim.forget()


def seen(record):
    """The file as it is now; `contents` says whether it is as we left it."""
    path = record.wanted.get("path")
    if path is None:
        return {"contents": "missing"}
    shown = {"path": path, "encoding": record.wanted["encoding"]}
    shown["template"] = record.wanted["template"]
    try:
        there = os.lstat(path)
        if not stat.S_ISREG(there.st_mode):
            return {**shown, "contents": "not a file"}
        with open(path, "rb") as file:
            found = sha256(file.read()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return {**shown, "contents": "missing"}
    return {
        **shown,
        "contents": "as given" if found == record.content.get("digest") else "changed",
        "owner": _named(record.wanted["owner"], there.st_uid, "pwd"),
        "group": _named(record.wanted["group"], there.st_gid, "grp"),
        "mode": f"{stat.S_IMODE(there.st_mode):04o}",
    }


def _content(wanted, about):
    """The bytes to write.  In a template `${NAME}` is filled in, and `$${NAME}` is `${NAME}`."""
    if wanted["encoding"] == "base64":
        import base64  # dear to import, as is re, and most files need neither

        return base64.b64decode(wanted["content"])
    if not wanted["template"]:
        return wanted["content"].encode()
    import re

    known = {**about, **wanted["environment"]}

    def filled(match):
        if match[0].startswith("$$"):
            return match[0][1:]
        if match[1] in known:
            return str(known[match[1]])
        line = wanted["content"].count("\n", 0, match.start()) + 1
        raise Problem(
            "InvalidRequest",
            f"line {line} of the template for {wanted['path']} names {match[1]}, which is not set",
            f"set {match[1]} in `environment` of the component, or write $${{{match[1]}}}",
        )

    return re.sub(TEMPLATE, filled, wanted["content"]).encode()


def _owner(user, group):
    """(uid, gid) of names or numbers; root's where none is given."""
    import grp
    import pwd

    try:
        uid, gid = 0, 0
        if user is not None:
            person = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
            uid, gid = person.pw_uid, person.pw_gid
        if group is not None:
            gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    except KeyError as missing:
        remedy = "let the recipe make the user, or name another"
        raise Problem("InvalidRequest", str(missing.args[0]), remedy) from None
    return uid, gid


def _named(asked, number, database):
    """A number in the words it was asked for; None where nothing was asked."""
    import grp
    import pwd

    if asked is None or asked.isdigit():
        return None if asked is None else str(number)
    with suppress(KeyError):
        return pwd.getpwuid(number)[0] if database == "pwd" else grp.getgrgid(number)[0]
    return str(number)


def _kept(path, kept):
    """What is at a path, its content safe in `kept`."""
    if not os.path.lexists(path):
        return {}
    there = os.lstat(path)
    if stat.S_ISLNK(there.st_mode):
        return {"link": os.readlink(path)}
    if not stat.S_ISREG(there.st_mode):
        raise Problem("InvalidRequest", f"{path} is there and is no file", "name another path")
    import shutil  # where there is nothing to keep, nor to wait for

    fd = os.open(kept, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with open(path, "rb") as source, open(fd, "wb") as copy:
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(copy.fileno())
    return {"ids": [there.st_uid, there.st_gid], "mode": stat.S_IMODE(there.st_mode)}


def _replace(path, content, owner, mode):
    folder, name = os.path.split(path)
    new = f"{folder}/.{name}.moot-new"
    try:
        with suppress(FileNotFoundError):
            os.unlink(new)
        fd = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fchown(fd, *owner)
            os.fchmod(fd, mode)
        os.rename(new, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(new)
        raise


def _restore(path, before, kept):
    """The path as it was."""
    folder, name = os.path.split(path)
    with suppress(OSError):
        os.unlink(f"{folder}/.{name}.moot-new")
    if before:
        os.makedirs(folder, exist_ok=True)  # somebody may have removed it meanwhile
    if "link" in before:
        with suppress(FileNotFoundError):
            os.unlink(path)
        os.symlink(before["link"], path)
    elif "mode" in before:
        with open(kept, "rb") as file:
            content = file.read()
        if not _is(path, content, before):  # a full disk has no room to write it once more
            _replace(path, content, before["ids"], before["mode"])
    else:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(path)


def _is(path, content, before):
    with suppress(OSError), open(path, "rb") as file:
        there = os.fstat(file.fileno())
        now = [there.st_uid, there.st_gid], stat.S_IMODE(there.st_mode)
        return now == (before["ids"], before["mode"]) and file.read() == content
    return False


def _make_folders(folder):
    """The folders that lead to a file; those that are new are on record before they are made."""
    missing = []
    while not os.path.isdir(folder):
        if os.path.lexists(folder):
            raise Problem("InvalidRequest", f"{folder} is not a folder", "name another path")
        missing.append(folder)
        folder = os.path.dirname(folder)
    if missing:
        _write_folders([*_made_folders(), *missing])
    for each in reversed(missing):
        os.mkdir(each, 0o755)


def _remove_folders(folder):
    """Those that were made for files and are empty now."""
    made = _made_folders()
    with suppress(OSError):
        while folder in made:
            os.rmdir(folder)
            folder = os.path.dirname(folder)
    _write_folders([folder for folder in made if os.path.isdir(folder)])


def _made_folders():
    return load(FOLDERS).get("made", [])


def _write_folders(made):
    if made:
        write(FOLDERS, dumps({"made": made}))
    elif os.path.exists(FOLDERS):
        os.unlink(FOLDERS)
