"""Run folders: made and started, amended, ended and removed; one per replica and incarnation."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import time

from .files import Problem, adopt_or_make, alone, load, same, staying, tidy, write
from .limits import drop, limit
from .ports import release, reserve, taken
from .process import alive, execute, identity, surround


def start(folder, marks, spec, files, texts, reservations, data, root):
    """Make a run folder and start its supervisor; a folder with the same marks is taken over.

    `files` are given to the replica, `texts` are files of the run folder by name.
    """
    with staying(data):
        adopt_or_make(folder, marks, 0o711 if spec["user"] else 0o700)
        try:
            with alone(folder):
                if not os.path.exists(f"{folder}/spec.json"):
                    for name, text in texts.items():
                        write(f"{folder}/{name}", text)
                    _prepare(folder, spec, files, reservations)
                _launch(folder)
            return
        except BaseException as problem:
            failure = problem
            if not os.path.exists(f"{folder}/spec.json"):
                _discard(folder, reservations)
    tidy(os.path.dirname(folder), data, root)
    raise failure


def stop(folder, marks, patience_s, reservations, data, root):
    """Ask the supervisor to end its replica; True when all is gone, the folder included.

    Waits for `patience_s` at most: most processes end at once, and that saves a round trip.
    """
    if not same(load(f"{folder}/marks.json"), marks):
        return True  # ours is gone; what has taken its place is another's
    until = time.monotonic() + patience_s
    supervisor = load(f"{folder}/status.json").get("supervisor")
    while supervisor and alive(supervisor):
        os.kill(supervisor["pid"], signal.SIGTERM)
        if time.monotonic() >= until:
            return False
        time.sleep(0.01)
    if _end_orphans(folder):
        return False
    _discard(folder, reservations)
    tidy(os.path.dirname(folder), data, root)
    return True


def amend(folder, changes):
    """Change properties that need no restart, and tell the supervisor."""
    spec = load(f"{folder}/spec.json")
    spec.update(changes)
    write(f"{folder}/spec.json", json.dumps(spec))
    supervisor = load(f"{folder}/status.json").get("supervisor")
    if supervisor and alive(supervisor):
        os.kill(supervisor["pid"], signal.SIGHUP)


def enter(arguments):
    """Become a command in a replica's surroundings: its environment, user, limits and folder.

    What the caller adds to the environment comes in MOOT_ENTER, because arguments can be seen.
    """
    folder, *argv = arguments
    spec = load(f"{folder}/spec.json")
    wanted = json.loads(os.environ.get("MOOT_ENTER", "{}"))
    if wanted.get("user"):
        spec["ids"] = _ids(wanted["user"])
    spec["working_dir"] = wanted.get("working_dir") or spec["working_dir"]
    try:
        surround(spec)
        execute(argv, {**spec["environment"], **wanted.get("environment", {})})
    except OSError as problem:
        print(f"{argv[0]}: {problem.strerror}", file=sys.stderr)
        sys.exit(126 if isinstance(problem, PermissionError) else 127)


def _prepare(folder, spec, files, reservations):
    """Everything the supervisor needs, spec.json last: with it the folder is complete."""
    spec["ids"] = _ids(spec["user"])
    if not os.path.isdir(spec["working_dir"]):
        raise Problem(
            "InvalidRequest",
            f"working folder {spec['working_dir']} is not there",
            "make it, or name another in x-moot.process.working_dir",
        )
    for address, port in spec["binds"]:
        reason = taken(address, port)
        if reason:
            remedy = "end that process, or publish another port"
            raise Problem("AlreadyExists", reason, remedy)
    spec["ports"] = {}
    for target in spec["targets"]:
        fixed = spec["fixed"].get(str(target))
        spec["ports"][str(target)] = reserve(folder, reservations, fixed)
    environment = _surroundings(spec, folder)
    for name, path in spec["volumes"].items():
        environment[name] = _mounted(path, spec["ids"])
    for file in files:
        environment[file["variable"]] = _place(folder, file, spec["ids"])
    for name in spec["scratch"]:
        environment[name] = _own(f"{folder}/scratch/{name}", spec["ids"])
    spec["environment"] = {**environment, **spec["environment"]}
    digest = hashlib.sha256(folder.encode()).hexdigest()[:12]
    spec["cgroups"], spec["enforced"] = limit(spec["limits"], digest)
    if spec["enforced"].get("memory_mib") == "address space":
        spec["address_space"] = spec["limits"]["memory_mib"] * 1024 * 1024
    write(f"{folder}/spec.json", json.dumps(spec))


def _surroundings(spec, folder):
    """What every process has in its environment; never the caller's own."""
    import pwd

    person = pwd.getpwuid(spec["ids"][0] if spec["ids"] else os.getuid())
    told = {f"PORT_{target}": str(port) for target, port in spec["ports"].items()}
    if spec["targets"]:
        told["PORT"] = str(spec["ports"][str(spec["targets"][0])])
    return {
        "PATH": spec["path"],
        "HOME": person.pw_dir,
        "USER": person.pw_name,
        "LOGNAME": person.pw_name,
        "LANG": "C.UTF-8",
        "MOOT_REPLICA": spec["replica"],
        "MOOT_RUN": folder,
        **(told if spec["tell_ports"] else {}),
    }


def _ids(user):
    """[uid, gid, groups] of `name`, `name:group` or their numbers; None to stay who we are."""
    if not user:
        return None
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


def _mounted(path, ids):
    """A volume's or a machine's own path; an empty volume is given to the replica's user."""
    if not os.path.exists(path):
        raise Problem("InvalidRequest", f"{path} is to be mounted and is not there", "make it")
    if ids and os.path.isdir(path) and not os.listdir(path) and os.stat(path).st_uid == 0:
        os.chown(path, ids[0], ids[1])
    return path


def _place(folder, file, ids):
    """Write one file the replica is given below its run folder; returns where."""
    parts = [part for part in file["target"].split("/") if part not in {"", ".", ".."}]
    path = "/".join([folder, "files", *parts])
    os.makedirs(os.path.dirname(path), mode=0o711 if ids else 0o700, exist_ok=True)
    content = file["content"].encode()
    write(path, base64.b64decode(content) if file["encoding"] == "base64" else content)
    if ids:
        os.chown(path, ids[0], ids[1])
    os.chmod(path, file["mode"])
    return path


def _own(path, ids):
    os.makedirs(path, mode=0o711, exist_ok=True)
    if ids:
        os.chown(path, ids[0], ids[1])
    return path


def _launch(folder):
    """Start the supervisor, in a session of its own, unless it was started before.

    The lock it holds for life keeps two from starting; status.json says that it once was.
    """
    lock = os.open(f"{folder}/lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if os.path.exists(f"{folder}/status.json"):
        os.close(lock)
        return
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        os.close(lock)
        with open(reading, "rb") as pipe:  # ends when the supervisor has started the command
            if problem := pipe.read().decode():
                raise Problem("GeneralServiceException", problem)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.set_inheritable(lock, True)
        os.set_inheritable(writing, True)
        now = time.time()
        first = {"supervisor": identity(os.getpid()), "status": "starting", "since": now}
        write(f"{folder}/status.json", json.dumps(first))
        program = [sys.executable, "-E", "-s", "-S", sys.argv[0], "supervise", folder]
        program += [str(lock), str(writing)]
        os.execve(program[0], program, {"PATH": os.defpath})
    except BaseException as problem:
        os.write(writing, str(problem).encode())
    os._exit(1)


def _end_orphans(folder):
    """Kill what outlived a supervisor that was killed; True while there was something.

    They are known by the run folder in their environment.
    """
    mark = f"MOOT_RUN={folder}".encode()
    found = False
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            if mark in file.read().split(b"\0"):
                os.kill(int(pid), signal.SIGKILL)
                found = True
    return found


def _discard(folder, reservations):
    """Remove the folder and what it holds on the machine."""
    spec = load(f"{folder}/spec.json")
    drop(spec.get("cgroups", []))
    shutil.rmtree(folder, ignore_errors=True)
    release(folder, reservations)
