"""Whose processes are: a user of this machine, one of a component's own, or whoever we are."""

from __future__ import annotations

import os

from .files import Problem
from .lean import sha256

# No user of any distribution, and nobody's container, has these: see UIDS-GIDS of systemd.
OWN_USERS, ONE_OF = 0x70000000, 1 << 28


def ids_of(user, own=None):
    """[uid, gid, groups] of `name`, `name:group` or their numbers; None to stay who we are.

    Without a user and where we are root, `own` makes one up: for the same text always the same.  It
    stands in no list of users, so there is nothing to add, to clean up or to give to another later.
    """
    if not user:
        return None if own is None or os.getuid() else _own(own)
    import grp
    import pwd

    name, _, group = str(user).partition(":")
    try:
        person = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
        gid = person.pw_gid
        if group:
            gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    except KeyError as missing:
        raise Problem("InvalidRequest", f"user {user}: {missing.args[0]}", "create it") from None
    if os.getuid() == person.pw_uid:
        return None
    if os.getuid():
        raise Problem("AccessDenied", f"only root may run as {user}", "run moot as root")
    return [person.pw_uid, gid, os.getgrouplist(person.pw_name, gid)]


def about(ids, home):
    """What a user's programs find in their environment; `home` is for one without a home."""
    import pwd

    try:
        person = pwd.getpwuid(ids[0] if ids else os.getuid())
    except KeyError:
        name = f"moot-{ids[0] - OWN_USERS:07x}" if ids else str(os.getuid())
        return {"HOME": home, "USER": name, "LOGNAME": name}
    return {"HOME": person.pw_dir, "USER": person.pw_name, "LOGNAME": person.pw_name}


def is_own(ids):
    """Whether that is a user of a component's own."""
    return bool(ids) and OWN_USERS <= ids[0] < OWN_USERS + ONE_OF


def _own(text):
    number = OWN_USERS + int.from_bytes(sha256(text.encode()).digest()[:8], "big") % ONE_OF
    return [number, number, [number]]
