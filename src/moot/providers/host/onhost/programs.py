"""Programs of the system, run without anybody to ask, in an environment of their own."""

from __future__ import annotations

import os
import select
import time

from .lean import signal

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SILENT = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
ENVIRONMENT = {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/root", **SILENT}


def run(*argv):
    """Its exit code; what it writes goes where ours goes."""
    with open(os.devnull, "rb") as nothing:
        return _ran(argv, stdin=nothing).returncode


def said(*argv):
    """What it writes to its standard output."""
    return asked(*argv)[1]


def asked(*argv, text=""):
    """(exit code, standard output, standard error); `text` is its input."""
    ran = _ran(argv, input=text.encode(), capture_output=True)
    outputs = (output.decode("utf-8", "replace").strip() for output in (ran.stdout, ran.stderr))
    return (ran.returncode, *outputs)


def begin(argv, environment, quiet=False, apart=False):
    """Start it by its path, without input; `apart` in a session of its own.  Returns its pid."""
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    if quiet:
        actions += [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    signals = (signal.SIGPIPE, signal.SIGXFSZ)
    return os.posix_spawn(
        argv[0], argv, environment, file_actions=actions, setsigdef=signals, setsid=apart
    )


def end(pid, timeout_s=None):
    """Its exit code, negative for a signal; None where it takes longer."""
    if timeout_s is None or _ends(pid, timeout_s):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return None


def _ends(pid, timeout_s):
    """Whether it ends within that time."""
    try:
        watched = os.pidfd_open(pid)
    except (AttributeError, OSError):  # a kernel before 5.3, or a container that may not
        return _seen_to_end(pid, timeout_s)
    poll = select.poll()
    poll.register(watched, select.POLLIN)
    ended = bool(poll.poll(timeout_s * 1000))
    os.close(watched)
    return ended


def _seen_to_end(pid, timeout_s):
    until, pause_s = time.monotonic() + timeout_s, 0.0005
    while time.monotonic() < until:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 0.05)
    return False


def _ran(argv, **how):
    import subprocess  # takes as long as a short script, and scripts do without

    return subprocess.run(argv, env=ENVIRONMENT, check=False, **how)  # noqa: S603  (no shell)


def installed_by_rpm():
    """By name, the version of everything that rpm has installed."""
    lines = said("rpm", "-qa", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}\\n").splitlines()
    return dict(line.split(" ", 1) for line in lines)
