"""Keeps one replica's process running, and writes only its run folder.

It reads `spec.json`, writes `status.json` and the log, and obeys two signals: TERM stops the
replica for good, HUP reads `spec.json` again.  When the replica is over for good, so is this.
"""

from __future__ import annotations

import os
import select
import time

from .files import load, write
from .lean import dumps, signal, suppress
from .process import boot, identity, kill_descendants, prctl, signal_all, spawn

SUBREAPER = 36  # of prctl(2): orphans of the replica become children of the supervisor
QUIET_RUN_S = 10.0  # a run this long starts the back-off anew
BACKOFF_S = (0.1, 60.0)
LONGEST_LINE = 16384
FULL_S = 1.0  # how often a full disk is tried again


def main(arguments):
    """Supervise the replica of a run folder, whose locked descriptor is kept open for life.

    The descriptor `started` is closed when the command has been started.  systemd gives neither:
    there the folder is locked here, and systemd is told.
    """
    folder, *descriptors = arguments
    os.chdir(folder)
    prctl(SUBREAPER, 1, 0, 0, 0)
    if descriptors:
        for fd in map(int, descriptors):
            os.set_inheritable(fd, False)
        return Supervisor(lambda: os.close(int(descriptors[1]))).run()
    from .revival import ready, revive  # what it imports is not worth the memory elsewhere

    return Supervisor(ready).run() if revive(folder) else ready()


class Log:
    """Lines as `EPOCH STREAM TEXT` in files log.N; the highest N is being written."""

    def __init__(self, options):
        self.size = options["max_size"]
        self.keep = options["max_files"]
        numbers = numbered(os.listdir())
        self.number = max(numbers, default=1)
        self.open()

    def open(self):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self.fd = os.open(f"log.{self.number}", flags, 0o600)
        self.written = os.fstat(self.fd).st_size

    def write(self, stream, lines):
        """Write what was read at once; a full disk must not take the replica down."""
        prefix, pending = f"{time.time():.6f} {stream} ".encode(), []
        for line in lines:
            entry = prefix + line.decode("utf-8", "replace").encode() + b"\n"
            if self.written and self.written + len(entry) > self.size:
                self.flush(pending)
                self.rotate()
                pending = []
            pending.append(entry)
            self.written += len(entry)
        self.flush(pending)

    def flush(self, entries):
        with suppress(OSError):
            os.write(self.fd, b"".join(entries))

    def rotate(self):
        before = self.fd
        self.number += 1
        try:
            self.open()
        except OSError:  # there is no room: the next line tries again
            self.number -= 1
            return
        os.close(before)
        for number in range(self.number - self.keep, 0, -1):
            try:
                os.unlink(f"log.{number}")
            except FileNotFoundError:
                break


def numbered(names):
    """The numbers of the log files among these names."""
    return [int(name[4:]) for name in names if name.startswith("log.") and name[4:].isdecimal()]


class Stream:
    """One output of the child on its way into the log."""

    def __init__(self, fd, name, log):
        self.fd, self.name, self.log, self.rest = fd, name, log, b""
        os.set_blocking(fd, False)

    def read(self):
        """Log what is there; False at the end."""
        for _ in range(2):  # then the others have their turn, also in a flood
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                return True
            if not data:
                return False
            *lines, self.rest = (self.rest + data).split(b"\n")
            *begun, self.rest = cut(self.rest)
            pieces = [piece for line in lines for piece in cut(line)] + begun
            if pieces:
                self.log.write(self.name, pieces)
        return True

    def close(self):
        self.read()
        if self.rest:
            self.log.write(self.name, [self.rest])
        os.close(self.fd)


def cut(line):
    """A line in pieces that are not too long for one entry; the last has what is left."""
    size = max(len(line), 1)
    return [line[begin : begin + LONGEST_LINE] for begin in range(0, size, LONGEST_LINE)]


class Health:
    """Probes as Docker counts them, but quick ones until the first success.

    A failure counts only after the start period, and only once per interval.
    """

    def __init__(self, check, now):
        self.check, self.status, self.failing, self.output = check, "starting", 0, ""
        self.begun = self.counted = now
        self.pid, self.deadline, self.pipe, self.pause = 0, 0.0, -1, 0.1
        self.next = now + self.pause

    def finished(self, code, now):
        """Take in one probe's result; True where that changed anything."""
        with suppress(BlockingIOError):
            self.output = os.read(self.pipe, 4096).decode("utf-8", "replace")
        os.close(self.pipe)
        self.pid, self.pipe = 0, -1
        before = (self.status, self.failing)
        interval = self.check["interval_s"]
        if code == 0:
            self.status, self.failing, self.next = "healthy", 0, now + interval
            return before != (self.status, 0)
        due = self.counted + interval - 0.01
        if self.status == "healthy" or now >= max(self.begun + self.check["start_period_s"], due):
            self.failing, self.counted = self.failing + 1, now
        if self.failing >= self.check["retries"]:
            self.status = "unhealthy"
        self.pause = min(self.pause * 2, interval, self.check["start_interval_s"])
        self.next = now + (self.pause if self.status == "starting" else interval)
        return before != (self.status, self.failing)


class Supervisor:
    """One replica.  `phase`: running, clearing (killing what a run left), waiting, over.

    `waiting` is called once, when the command has been started.
    """

    def __init__(self, waiting):
        self.spec, self.waiting = load("spec.json"), waiting
        if self.spec.get("address_space"):
            __import__("resource")  # for every run; this Python may be removed meanwhile
        self.log = Log(self.spec["logging"])
        self.phase, self.pid, self.health, self.streams = "waiting", 0, None, {}
        self.code = self.stopping = self.kill_at = None
        self.tries, self.restarts, self.note, self.next = 0, 0, "", 0.0
        self.unsaid = None
        self.started = self.since = time.time()
        self.boot = boot()
        self.poll = select.poll()
        wake, self.waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        self.wake = wake
        self.poll.register(wake, select.POLLIN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGHUP, self.reload)

    def run(self):
        while self.phase != "over":
            self.turn(time.monotonic())
            if self.phase == "over":
                break
            timeout = max(0.0, self.next_event() - time.monotonic())
            for fd, _ in self.poll.poll(min(timeout, 60.0) * 1000 + 1):
                if fd == self.wake:
                    with suppress(BlockingIOError):
                        os.read(fd, 512)
                elif fd in self.streams and not self.streams[fd].read():
                    self.close(fd)
            self.reap()
        self.publish()
        while self.unsaid and self.stopping is None:  # nobody would know how it ended
            time.sleep(FULL_S)
            self.publish()

    def stop(self, *_):
        if self.stopping is None:
            self.stopping = time.monotonic()

    def reload(self, *_):
        self.spec = load("spec.json")
        options = self.spec["logging"]
        self.log.size, self.log.keep = options["max_size"], options["max_files"]

    def turn(self, now):
        """Do what is due now."""
        if self.unsaid and now >= self.unsaid:
            self.publish()
        if self.phase == "waiting":
            if self.stopping is not None:
                self.phase = "over"
            elif now >= self.next:
                self.start(now)
        elif self.phase == "running":
            self.watch(now)
        elif self.phase == "clearing" and not kill_descendants():
            self.decide(now)

    def next_event(self):
        if self.phase == "clearing":
            return time.monotonic() + 0.02
        if self.phase == "waiting":
            return self.next if self.unsaid is None else min(self.next, self.unsaid)
        times = [at for at in (self.kill_at, self.unsaid) if at]
        if self.health:
            times.append(self.health.deadline if self.health.pid else self.health.next)
        return min(times, default=time.monotonic() + 60)

    def start(self, now):
        """One run of the command."""
        outputs, ends = [], []
        for name in ("stdout", "stderr"):
            reading, writing = os.pipe()
            outputs.append(Stream(reading, name, self.log))
            ends.append(writing)
        self.pid, problem = spawn(self.spec, self.spec["command"], ends)
        for stream, end in zip(outputs, ends):  # noqa: B905  (Python 3.9 has no strict)
            os.close(end)
            self.streams[stream.fd] = stream
            self.poll.register(stream.fd, select.POLLIN)
        if problem:
            self.log.write("stderr", [problem.encode()])
        self.note, self.phase, self.kill_at = problem, "running", None
        self.started = self.since = time.time()
        self.begun, self.code = now, None
        check = self.spec.get("healthcheck")
        self.health = Health(check, now) if check else None
        self.publish()

    def watch(self, now):
        """Stop the child when asked to; begin and end probes."""
        if self.stopping is not None and self.kill_at is None:
            self.kill_at = now + self.spec["stop_grace_s"]
            wanted = self.spec["stop_signal"]
            number = wanted if isinstance(wanted, int) else getattr(signal, wanted)
            os.kill(self.pid, number)
        if self.kill_at is not None and now >= self.kill_at:
            self.kill_at = now + 1.0
            signal_all(self.pid, signal.SIGKILL)
        probe = self.health
        if probe and probe.pid and now >= probe.deadline:
            probe.deadline = now + 1.0
            signal_all(probe.pid, signal.SIGKILL)
        elif probe and not probe.pid and now >= probe.next and self.stopping is None:
            probe.pipe, writing = os.pipe()
            os.set_blocking(probe.pipe, False)
            argv = probe.check["test"]
            probe.pid, _ = spawn(self.spec, argv, [writing, writing])
            os.close(writing)
            probe.deadline = now + probe.check["timeout_s"]

    def reap(self):
        """Collect every child that ended: the replica's own, a probe, or an orphan."""
        while True:
            try:
                pid, wait_status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            code = os.waitstatus_to_exitcode(wait_status)
            code = 128 - code if code < 0 else code
            if pid == self.pid:
                self.pid, self.code, self.phase = 0, code, "clearing"
            elif self.health and pid == self.health.pid:
                self.probed(self.health, code)

    def probed(self, health, code):
        """Take in a probe's end: another failure is told, and is no other state."""
        before = health.status
        if health.finished(code, time.monotonic()):
            self.since = self.since if health.status == before else time.time()
            self.publish()

    def decide(self, now):
        """After a run: again, later, or never."""
        for fd in list(self.streams):
            self.close(fd)
        self.health = None
        policy = self.spec["restart"]
        quiet = max(policy.get("window_s") or 0.0, QUIET_RUN_S)
        self.tries = 0 if now - self.begun >= quiet else self.tries
        left = policy.get("attempts") is None or self.tries < policy["attempts"]
        again = {"no": False, "on-failure": self.code != 0}.get(policy["condition"], True)
        if self.stopping is not None or not (again and left):
            self.phase, self.since = "over", time.time()
            return
        delay = min(BACKOFF_S[0] * 2 ** min(self.tries, 20), BACKOFF_S[1])
        self.next = now + max(delay, policy.get("delay_s") or 0.0)
        self.tries, self.restarts = self.tries + 1, self.restarts + 1
        self.phase, self.since = "waiting", time.time()
        self.publish()

    def close(self, fd):
        self.poll.unregister(fd)
        self.streams.pop(fd).close()

    def publish(self):
        """Write status.json, whole or not at all; a full disk must not take the replica down."""
        status = {
            "supervisor": identity(os.getpid()),
            "boot": self.boot,
            "child": identity(self.pid) if self.pid else None,
            "status": self.status(),
            "since": self.since,
            "started": self.started,
            "restarts": self.restarts,
            "exit_code": self.code,
            "note": self.note,
            "log": self.log.number,
        }
        if self.health:
            status.update(failing=self.health.failing, probe=self.health.output[-1000:])
        self.unsaid = None
        try:
            write("status.json", dumps(status))
        except FileNotFoundError:  # its folder was removed: there is nobody to tell
            raise
        except OSError:
            self.unsaid = time.monotonic() + FULL_S
        if self.waiting:
            self.waiting()
            self.waiting = None

    def status(self):
        if self.phase == "over":
            if self.stopping is not None:
                return "stopped"
            return "failed" if self.code else "completed"
        if self.phase != "running":
            return "starting"
        return self.health.status if self.health else "running"
