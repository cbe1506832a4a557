"""Run folders: made and started, amended, ended and removed; one per replica and incarnation."""

from __future__ import annotations

import fcntl
import os
import sys
import time

from . import secretfiles, units
from .bundle import script
from .files import Problem, adopt_or_make, alone, load, remove, same, staying, tidy, write
from .lean import dumps, sha256, signal, suppress
from .limits import drop, limit
from .people import about, ids_of, is_own
from .ports import release, reserve, taken
from .process import alive, boot, execute, identity, surround, variables, working_dir
from .survey import look


def start(folder, marks, spec, files, texts, reservations, data, root):
    """Make a run folder and start its supervisor; a folder with the same marks is taken over.

    Returns how it is then, as a survey would show it.  `files` are given to the replica, `texts`
    are files of the run folder by name.
    """
    spec["ids"] = ids_of(spec["user"], _component(folder) if spec.get("own_users") else None)
    try:
        with staying(data):
            adopt_or_make(folder, marks, 0o710 if spec["ids"] else 0o700)
            if spec["ids"]:
                os.chown(folder, -1, spec["ids"][1])
            _start(folder, spec, files, texts, reservations, script(data))
            return look(folder)
    except BaseException:
        tidy(os.path.dirname(folder), data, root)
        raise


def _start(folder, spec, files, texts, reservations, program):
    """The same within the folder; what was not completed is taken back."""
    try:
        with alone(folder):
            if not os.path.exists(f"{folder}/spec.json"):
                for name, text in texts.items():
                    write(f"{folder}/{name}", text)
                spec["program"] = [sys.executable, "-E", "-s", "-S", program]
                _prepare(folder, spec, files, reservations)
            _launch(folder)
    except BaseException:
        if not os.path.exists(f"{folder}/spec.json"):
            _discard(folder, reservations)
        raise


def _component(folder):
    """What a replica's own user is made up from: installation, App and component."""
    return folder.rpartition("/run/")[2].rsplit(".", 2)[0]


def stop(folder, marks, patience_s, reservations, data, root):
    """Ask the supervisor to end its replica; True when all is gone, the folder included.

    Waits for `patience_s` at most: most processes end at once, and that saves a round trip.
    """
    if not same(load(f"{folder}/marks.json"), marks):
        return True  # ours is gone; what has taken its place is another's
    units.stop(folder)
    until = time.monotonic() + patience_s
    supervisor = load(f"{folder}/status.json").get("supervisor")
    while supervisor and alive(supervisor):
        with suppress(ProcessLookupError):  # it ended just now
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
    write(f"{folder}/spec.json", dumps(spec))
    if units.is_unit(folder):
        units.install(folder, spec)
    supervisor = load(f"{folder}/status.json").get("supervisor")
    if supervisor and alive(supervisor):
        with suppress(ProcessLookupError):  # it ended just now
            os.kill(supervisor["pid"], signal.SIGHUP)


def sight(folder):
    """What was asked and how it is; without its environment, which may hold secrets."""
    spec, seen = load(f"{folder}/spec.json"), load(f"{folder}/status.json")
    spec.pop("environment", None)
    tail = []
    if seen.get("exit_code") or seen.get("failing"):
        with suppress(OSError):
            tail = _tail(f"{folder}/log.{seen.get('log', 1)}")
    tail = secretfiles.redacted(folder, tail)
    if seen.get("probe"):
        seen["probe"] = "\n".join(secretfiles.redacted(folder, seen["probe"].split("\n")))
    living = alive(seen.get("supervisor"))
    return {"spec": spec, "status": seen, "alive": living, "tail": tail, "boot": boot()}


def _tail(path):
    """The last lines of a log, without their times."""
    with open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
        last = file.read().decode("utf-8", "replace").splitlines()[-5:]
    return [line.split(" ", 2)[-1] for line in last]


def prepare_entry(folder, wanted, data):
    """Leave what a command beside the replica is given, and our scripts; the name of that file."""
    with staying(data):  # those that the replica was started with may be an older version's
        name = f"enter.{os.urandom(8).hex()}.json"  # one process may be asked for several
        write(f"{folder}/{name}", dumps(wanted))
    return name


def enter(arguments):
    """Become a command in a replica's surroundings: its environment, user, limits and folder.

    What the caller adds to the environment was left in the run folder by `prepare_entry`, because
    arguments can be seen.
    """
    folder, entry, *argv = arguments
    spec = load(f"{folder}/spec.json")
    wanted = load(f"{folder}/{entry}")
    os.unlink(f"{folder}/{entry}")
    if "image" in spec:
        from .containers import become

        become(folder, wanted, argv)
    spec["working_dir"] = wanted.get("working_dir") or spec["working_dir"]
    try:
        if wanted.get("user"):
            spec["ids"] = ids_of(wanted["user"])
        known = variables(spec)
        surround(spec)
        execute(argv, {**known, **wanted.get("environment", {})})
    except Problem as problem:
        print(problem, file=sys.stderr)
        sys.exit(126)
    except OSError as problem:
        print(f"{argv[0]}: {problem.strerror}", file=sys.stderr)
        sys.exit(126 if isinstance(problem, PermissionError) else 127)


def _prepare(folder, spec, files, reservations):
    """Everything the supervisor needs, spec.json last: with it the folder is complete."""
    if not spec["working_dir"].startswith("/"):  # the App's folder is on another machine
        spec["given_in"] = f"{folder}/files"
        os.makedirs(working_dir(spec), mode=0o711 if spec["ids"] else 0o700, exist_ok=True)
    if not os.path.isdir(working_dir(spec)):
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
    _equip(folder, spec, files)
    spec["reservations"], spec["cgroup"] = reservations, _digest(folder)
    spec["cgroups"], spec["enforced"] = limit(spec["limits"], spec["cgroup"])
    if spec["enforced"].get("memory_mib") == "address space":
        spec["address_space"] = spec["limits"]["memory_mib"] * 1024 * 1024
    write(f"{folder}/spec.json", dumps(spec), durable=True)


def _equip(folder, spec, files):
    """Give the replica its volumes and files, and the environment that says where they are."""
    ids, environment = spec["ids"], _surroundings(spec, folder)
    if is_own(ids):
        _own(environment["HOME"], ids)
    for name, path in spec["volumes"].items():
        environment[name] = _mounted(path, ids)
    for file in files:
        environment[file["variable"]] = secretfiles.place(folder, file, ids)
    spec["given"] = [environment[file["variable"]] for file in files]
    for name in spec["scratch"]:
        environment[name] = _own(f"{folder}/scratch/{name}", ids)
    hidden = {name: spec["environment"].pop(name) for name in spec.get("secret_variables", ())}
    spec["environment"] = {**environment, **spec["environment"]}
    if hidden:
        spec["hidden"] = secretfiles.hide(folder, hidden, ids)
        spec["given"].append(spec["hidden"])
    if hidden or any(file.get("secret") for file in files):
        spec["secrets_in"] = "memory" if secretfiles.in_memory() else "disk"


def _surroundings(spec, folder):
    """What every process has in its environment; never the caller's own."""
    told = {f"PORT_{target}": str(port) for target, port in spec["ports"].items()}
    if spec["targets"]:
        told["PORT"] = str(spec["ports"][str(spec["targets"][0])])
    return {
        "PATH": spec["path"],
        **about(spec["ids"], f"{folder}/home"),
        "LANG": "C.UTF-8",
        "MOOT_REPLICA": spec["replica"],
        "MOOT_RUN": folder,
        **(told if spec["tell_ports"] else {}),
    }


def _mounted(path, ids):
    """A volume's or a machine's own path; an empty volume is given to the replica's user."""
    if not os.path.exists(path):
        raise Problem("InvalidRequest", f"{path} is to be mounted and is not there", "make it")
    if ids and os.path.isdir(path) and not os.listdir(path) and os.stat(path).st_uid == 0:
        os.chown(path, ids[0], ids[1])
    return path


def _own(path, ids):
    os.makedirs(path, mode=0o711, exist_ok=True)
    if ids:
        os.chown(path, ids[0], ids[1])
    return path


def _launch(folder):
    """Start the supervisor, as a unit or in a session of its own, unless it was started before.

    The lock it holds for life keeps two from starting; status.json says that it once was.
    """
    spec = load(f"{folder}/spec.json")
    lock = os.open(f"{folder}/lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return
    if os.path.exists(f"{folder}/status.json"):
        os.close(lock)
        return
    if units.available():
        os.close(lock)
        units.install(folder, spec)
        units.start(folder)
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
        write(f"{folder}/status.json", dumps(first))
        argv = [*spec["program"], "supervise", folder, str(lock), str(writing)]
        os.execve(argv[0], argv, {"PATH": os.defpath})
    except BaseException as problem:
        os.write(writing, str(problem).encode())
    os._exit(1)


def _digest(folder):
    return sha256(folder.encode()).hexdigest()[:12]


def _end_orphans(folder):
    """Kill what outlived a supervisor that was killed; True while there was something.

    They are known by the run folder in their environment.
    """
    mark = f"MOOT_RUN={folder}".encode()
    found = False
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            if mark in file.read().split(b"\0"):
                os.kill(int(pid), signal.SIGKILL)
                found = True
    return found


def _discard(folder, reservations):
    """Remove the folder and what it holds on the machine."""
    units.remove(folder)
    spec = load(f"{folder}/spec.json")
    drop(spec.get("cgroups", []))
    secretfiles.discard(folder)
    remove(folder, ignore_errors=True)
    release(folder, reservations)
