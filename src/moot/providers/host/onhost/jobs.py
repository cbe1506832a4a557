"""What takes long on a machine: detached from whoever asked for it, its end written down.

A cut connection neither ends nor repeats it.  Room for its outcome is taken before it begins, so
that a disk that it fills cannot make anybody believe that it never ended.
"""

from __future__ import annotations

import os
import select
import sys

from .files import Problem, load, remove, write
from .lean import dumps, signal, suppress
from .process import alive, boot, identity, signal_all

BEGUN = b"begun"  # what a job says, unless it could not begin
ROOM = 64  # bytes of the outcome
TAIL = 2000  # bytes of output that an error message holds
WIDE = 32 * TAIL  # of those, searched for secrets: none is cut in two before it is found
SECRET = 6  # characters of a line that may be one; shorter ones are in every text


class Failed(Problem):
    """A job ended badly; it stays on record."""


class Job:
    """A folder with `begun.json`, `output` and `ended`.

    `status` is none, running, ended or cut: cut off by a restart of the machine, or killed.
    `name` tells one run of it from the next.
    """

    def __init__(self, folder):
        self.folder = folder
        begun = load(f"{folder}/begun.json")
        self.process = begun.get("process")
        self.name = "{pid}.{start}".format(**self.process) if self.process else ""
        # Before the outcome is read: it may end in between.
        running = begun.get("boot") == boot() and alive(self.process)
        self.exit_code = _outcome(folder)
        if not begun:
            self.status = "none"
        elif self.exit_code is not None:
            self.status = "ended"
        else:
            self.status = "running" if running else "cut"

    def begin(self, work, patience_s=0.0):
        """Have `work` done by a process of its own; its result is the exit code.

        Returns when that it was begun is on disk, and where it does not take longer than
        `patience_s` when it has ended; raises OSError where nothing was begun.
        """
        reading, writing = os.pipe()
        if not os.fork():
            _detached(self.folder, work, writing)
        os.close(writing)
        with open(reading, "rb", buffering=0) as pipe:
            problem = pipe.read(4096)
            if problem == BEGUN:
                select.select([pipe], [], [], patience_s)  # it ends with the job
        if problem not in (b"", BEGUN):
            number, _, text = problem.decode("utf-8", "replace").partition(" ")
            raise OSError(int(number), text)
        self.__init__(self.folder)
        return self

    def skip(self):
        """Write down that there is nothing to do."""
        _prepare(self.folder, {"process": None})
        _end(self.folder, 0)
        self.__init__(self.folder)

    def under_way(self, note):
        """What to say while it runs, and which run is meant."""
        return {"note": note, "job": self.name}

    def stop(self):
        """Kill it with all its children."""
        if self.process and self.status == "running":
            signal_all(self.process["pid"], signal.SIGKILL)

    def failure(self, what, secrets=()):
        """What to say about an exit code that is not 0; it may have printed its `secrets`."""
        said = _end_of(_blotted(self.output(WIDE), secrets))
        return Failed(
            "NotStabilized",
            f"{what} failed with exit code {self.exit_code}" + (f":\n{said}" if said else ""),
            "correct it and run `moot up` again",
        )

    def output(self, most=TAIL):
        """The last lines it wrote."""
        with suppress(FileNotFoundError), open(f"{self.folder}/output", "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            return file.read().decode("utf-8", "replace").strip()
        return ""


def _blotted(said, secrets):
    """Without the secrets, and without the lines of one that has several."""
    found = {text for secret in secrets for text in (secret, *_lines(secret))}
    for text in sorted(filter(None, found), key=len, reverse=True):
        said = said.replace(text, "***")
    return said


def _lines(secret):
    return [line for line in map(str.strip, secret.splitlines()) if len(line) >= SECRET]


def _end_of(said):
    """So much of it as an error message holds, from a line's beginning where it has several."""
    end = said[-TAIL:]
    return end if end == said else end.partition("\n")[2] or end


def _outcome(folder):
    with suppress(FileNotFoundError), open(f"{folder}/ended", "rb") as file:
        text = file.read().strip()
        return int(text) if text else None
    return None


def _detached(folder, work, writing):
    """In the child: leave the session of whoever asked, say that it began, and do it.

    Whoever asked takes note of its end before the next errand, or leaves that to process 1.
    """
    try:
        os.setsid()
        _prepare(folder, {"process": identity(os.getpid()), "boot": boot()})
        output = os.open(f"{folder}/output", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, writing)
        os.closerange(writing + 1, 4096)
        with suppress(OSError):  # whoever asked may be gone: this goes on
            os.write(writing, BEGUN)
        for number in (signal.SIGPIPE, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        try:
            _end(folder, work())
        except OSError as problem:
            print(problem, file=sys.stderr, flush=True)
            _end(folder, 127)
    except BaseException as problem:
        with suppress(OSError):
            number = getattr(problem, "errno", None) or 5
            os.write(writing, f"{number} {problem}".encode())
    os._exit(0)


def _prepare(folder, begun):
    if os.path.exists(folder):
        remove(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    with open(f"{folder}/ended", "wb") as file:
        file.write(b" " * ROOM)
        file.flush()
        os.fsync(file.fileno())
    write(f"{folder}/begun.json", dumps(begun))
    for path in (f"{folder}/begun.json", folder, os.path.dirname(folder)):
        fd = os.open(path, os.O_RDONLY)  # or a power cut could make us do it twice
        os.fsync(fd)
        os.close(fd)


def _end(folder, code):
    fd = os.open(f"{folder}/ended", os.O_WRONLY)
    os.pwrite(fd, str(code).encode().ljust(ROOM), 0)
    os.fsync(fd)
    os.close(fd)
