"""A user of the machine: made where there is none, used as it is where there is one."""

from __future__ import annotations

import os

from .claims import Claim, claims
from .files import Problem
from .lean import suppress
from .programs import asked


def bring(record, wanted):
    """Make the user and its groups, or add the groups that it lacks."""
    name = wanted["name"]
    with claims():
        claim = Claim("user", name)
        there = _person(name)
        claim.hold(record.folder, {"existed": there is not None, "groups": _groups(name)})
        record.keep(wanted=wanted)
        for group in wanted["groups"]:
            if _group(group) is None:
                record.keep(made=sorted({*record.content.get("made", []), group}))
                _run("groupadd", "--system", group)
        if there is None:
            _run("useradd", *_options(wanted), name)
        elif not claim.had("existed"):
            _amend(wanted, there)
        if wanted["home"] and not claim.had("existed"):
            _make_home(record, name, wanted["home"])
        lacking = [group for group in wanted["groups"] if group not in _groups(name)]
        if lacking:
            _run("usermod", "--append", "--groups", ",".join(lacking), name)
        record.keep(stands=True)


def take_back(record):
    """Remove the user if it was made here and nobody else uses it, and its groups likewise."""
    name = record.wanted.get("name")
    if name is None:
        return
    with claims():
        claim = Claim("user", name)
        if claim.give_up(record.folder):
            if claim.had("existed"):
                _leave(name, set(record.wanted["groups"]) - set(claim.had("groups")))
            elif _person(name):
                _run("userdel", name)
                with suppress(OSError, TypeError):  # somebody's work is in it
                    os.rmdir(record.wanted["home"])
            claim.forget()
        for group in record.content.get("made", []):
            found = _group(group)
            if found is not None and not found.gr_mem:
                _run("groupdel", group)


def seen(record):
    """The user as it is now; of one that was there before only the groups are ours to judge."""
    wanted = record.wanted
    person = _person(wanted["name"]) if wanted else None
    if person is None:
        return {"present": False}
    found = {"name": wanted["name"], "present": True, "uid": person.pw_uid}
    found["system"] = wanted["system"]
    groups = _groups(wanted["name"])
    found["groups"] = [group for group in wanted["groups"] if group in groups]
    ours = not (Claim("user", wanted["name"]).before or {}).get("existed")
    found["home"] = person.pw_dir if ours and wanted["home"] else wanted["home"]
    found["shell"] = person.pw_shell if ours else wanted["shell"]
    return found


def _options(wanted):
    options = ["--shell", wanted["shell"]]
    options += ["--system"] if wanted["system"] else []
    options += ["--home-dir", wanted["home"]] if wanted["home"] else []
    return [*options, "--no-create-home"]


def _make_home(record, name, home):
    """An empty folder of its own, where there is none; one that is cut off leaves it root's."""
    if not os.path.isdir(home):
        record.keep(home=home)
        os.makedirs(home, 0o755)
    if record.content.get("home") == home and not os.stat(home).st_uid:
        person = _person(name)
        assert person is not None, "it was there or was just made"
        os.chown(home, person.pw_uid, person.pw_gid)


def _amend(wanted, there):
    """Bring a user that is ours to what is wanted now."""
    if there.pw_shell != wanted["shell"]:
        _run("usermod", "--shell", wanted["shell"], wanted["name"])
    if wanted["home"] and there.pw_dir != wanted["home"]:
        _run("usermod", "--home", wanted["home"], wanted["name"])


def _leave(name, groups):
    for group in groups & set(_groups(name)):
        _run("gpasswd", "--delete", name, group)


def _person(name):
    import pwd

    with suppress(KeyError):
        return pwd.getpwnam(name)
    return None


def _group(name):
    import grp

    with suppress(KeyError):
        return grp.getgrnam(name)
    return None


def _groups(name):
    import grp

    return sorted(group.gr_name for group in grp.getgrall() if name in group.gr_mem)


def _run(*argv):
    """A command of the shadow suite; what it says where it refuses is the error."""
    code, _, said = asked(*argv)
    if code == 8 and argv[0] == "userdel":  # its processes have not all ended yet
        raise Problem("ResourceConflict", said)
    if code:
        raise Problem("GeneralServiceException", f"{argv[0]}: {said}")
