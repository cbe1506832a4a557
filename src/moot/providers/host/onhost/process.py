"""Processes: who they are, what their surroundings are made of, and how one is started."""

from __future__ import annotations

import os

from .lean import loads, signal, suppress

PARENT_DEATH = 1  # of prctl(2)


def prctl(*arguments):
    """The system call of that name."""
    try:
        import _ctypes  # a third of what ctypes costs

        library = _ctypes.dlopen(None, 0)  # pyright: ignore[reportArgumentType]
        _ctypes.call_function(_ctypes.dlsym(library, "prctl"), arguments)
    except (ImportError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(*arguments)


def identity(pid):
    """Pid and start time, None where it is gone; a pid alone may be given to another process."""
    found = parent_and_start(pid)
    return {"pid": pid, "start": found[1]} if found else None


def boot():
    """What tells this run of the machine from those before; a container's runs differ too."""
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
        return f"{file.read().strip()} {(identity(1) or {}).get('start')}"


def alive(process):
    """Whether this very process runs."""
    return bool(process) and identity(process["pid"]) == process


def parent_and_start(pid):
    """(parent's pid, start time in ticks since boot) of a process that has not ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else (int(fields[1]), int(fields[19]))


def kill_descendants():
    """Kill every descendant; True while there are any, also such as only wait to be reaped.

    Orphans are among them where this process is a subreaper.
    """
    children = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(pid))
    left = list(children.get(os.getpid(), []))
    for pid in left:
        left += children.get(pid, [])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(left)


def spawn(spec, argv, outputs):
    """Start `argv` in the replica's surroundings, in a session of its own: (pid, problem)."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(outputs[0], 1)
            os.dup2(outputs[1], 2)
            environment = variables(spec)  # while we are still who may read it, and import
            argv = [expand(word, environment) for word in argv]
            surround(spec)
            prctl(PARENT_DEATH, signal.SIGKILL, 0, 0, 0)  # after setuid, which resets it
            for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            execute(argv, environment)
        except BaseException as problem:
            os.write(writing, f"cannot start {argv[0]}: {problem}".encode()[:2000])
        os._exit(127)
    os.close(writing)
    with open(reading, "rb") as pipe:  # ends when the program has been loaded
        return pid, pipe.read().decode("utf-8", "replace")


def variables(spec):
    """The replica's environment, with what lies apart because it is secret."""
    if "hidden" not in spec:
        return spec["environment"]
    with open(spec["hidden"], encoding="utf-8") as file:
        return {**spec["environment"], **loads(file.read())}


def surround(spec):
    """Give this process the replica's limits, user and working folder."""
    for directory in spec["cgroups"]:
        with open(f"{directory}/cgroup.procs", "w", encoding="utf-8") as file:
            file.write("0")
    size, resource = spec.get("address_space"), None
    if size:
        import resource  # while we are still who may read it
    if spec["ids"]:
        user, group, groups = spec["ids"]
        os.setgroups(groups)  # before Python 3.11 it takes more of the stack than is left below
        os.setgid(group)
        os.setuid(user)
    os.chdir(working_dir(spec))
    if resource:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def working_dir(spec):
    """Where it runs; a relative folder is seen from the files that the replica is given."""
    return os.path.normpath(os.path.join(spec.get("given_in", "/"), spec["working_dir"]))


def execute(argv, environment):
    """Become a program that PATH leads to; os.execvpe would import, which its user may not do."""
    name, problem = argv[0], FileNotFoundError(2, "no such program")
    folders = ["."] if "/" in name else environment.get("PATH", os.defpath).split(":")
    for folder in folders:
        try:
            os.execve(name if "/" in name else f"{folder or '.'}/{name}", argv, environment)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as denied:
            if os.path.exists(f"{folder}/{name}") or "/" in name:
                problem = denied  # and not just a folder we may not look into
        except OSError as other:
            problem = other
    raise problem


def expand(word, environment):
    """`$NAME` and `${NAME}` from the replica's environment; unknown names stay as they are.

    Without `re`: the Python that a supervisor runs on may have been removed since it began.
    """
    said, *parts = word.split("$")
    for part in parts:
        begin = end = int(part.startswith("{"))
        while end < len(part) and (part[end].isalnum() or part[end] == "_"):
            end += 1
        name, rest = part[begin:end], part[end:]
        named = rest.startswith("}") if begin else name[:1].isascii() and not name[:1].isdigit()
        known = name and named and name in environment
        said += environment[name] + rest[begin:] if known else "$" + part
    return said


def signal_all(pid, number):
    """Send a signal to a process and the group it leads."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        os.killpg(pid, number)
