"""What answers on a machine for as long as a courier is there: a process of its own per errand.

An errand dies with the courier, with all it started; what must outlive it is given a session of its
own.  So nothing stays when moot ends, however it ends, and nothing lands long after it was asked.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

from . import bundle
from .errands import perform, prepare
from .facts import facts
from .frames import Frames, packed, send
from .ports import reservations_of

SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def serve(given, arguments):
    """Serve until whoever asked has gone, or has not said a word for `patience_s`."""
    bundle.GIVEN.update(given)
    asking, answering = os.dup(0), os.dup(1)
    send(answering, packed({"hello": _hello(given, arguments)}))
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the errands under way are ended first
    os.chdir("/")
    os.umask(0o022)
    Server(asking, answering, given["patience_s"]).run()


def _hello(given, arguments):
    """What must be known before anything can be asked, and with it the facts: they cost no trip.

    `arguments` has what SSH_CONNECTION says, where we came over SSH.
    """
    folders = [*os.environ.get("PATH", "").split(":"), *SYSTEM.split(":")]
    os.environ["PATH"] = ":".join(dict.fromkeys(filter(None, folders)))
    connection = arguments[0].split() if arguments else []
    if len(connection) == 4:
        os.environ["SSH_CONNECTION"] = arguments[0]  # which sudo does not hand on
    return {
        "python": sys.executable,
        "data": given["data"],
        "root": given["root"],
        "reservations": reservations_of(os.environ),
        "address": connection[2] if len(connection) == 4 else "127.0.0.1",
        "facts": facts(given["data"]),
    }


class Server:
    """Errands under way, by the pipe that their answers come through."""

    def __init__(self, asking, answering, patience_s):
        self.asking, self.answering, self.patience_s = asking, answering, patience_s
        self.frames = Frames()
        self.errands = {}
        self.heard = time.monotonic()
        self.poll = select.poll()
        self.poll.register(asking, select.POLLIN)

    def run(self):
        try:
            while time.monotonic() < self.heard + self.patience_s:
                left_s = self.heard + self.patience_s - time.monotonic()
                for fd, _ in self.poll.poll(max(0.0, left_s) * 1000):
                    if fd != self.asking:
                        self.relay(fd)
                    elif not self.listen():
                        return
        except BrokenPipeError:
            pass
        finally:
            for _, pid, _ in self.errands.values():
                _kill(pid)

    def listen(self):
        """Begin what was asked; False when nobody is there any more."""
        data = os.read(self.asking, 1 << 18)
        self.heard = time.monotonic()
        for message in self.frames.messages(data):
            if "errand" in message:
                self.begin(message)
            elif "cancel" in message:
                for number, pid, _ in list(self.errands.values()):
                    if number == message["cancel"]:
                        _kill(pid)
            else:
                send(self.answering, packed(message))  # a sign of life for a sign of life
        return bool(data)

    def begin(self, message):
        prepare(message)
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(self.asking)  # or who writes to us would not see that we ended
            os.close(self.answering)
            _errand(message, writing)
        with contextlib.suppress(OSError):  # it may be over already
            os.setpgid(pid, pid)
        os.close(writing)
        self.errands[reading] = message["id"], pid, Frames()
        self.poll.register(reading, select.POLLIN)

    def relay(self, fd):
        """Pass on what an errand says, message by message, up to its answer."""
        number, pid, frames = self.errands[fd]
        data = os.read(fd, 1 << 18)
        going_on = bool(data)
        for text in frames.raw(data):
            send(self.answering, len(text).to_bytes(4, "big") + text)
            going_on = going_on and not text.startswith(b'{"end":')
        if going_on:
            return
        self.poll.unregister(fd)
        os.close(fd)
        del self.errands[fd]
        code = os.waitpid(pid, 0)[1]
        if code:
            message = f"the errand was ended by {_how(code)}"
            answer = {"error": "OutcomeUnknown", "message": message, "remedy": ""}
            send(self.answering, packed({"end": answer, "id": number}))


def _errand(message, writing):
    """All of an errand's process; it does not return."""
    code = 1
    try:
        os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        number = message.pop("id")
        answer = perform(message, lambda said: send(writing, packed({"id": number, "say": said})))
        send(writing, packed({"end": answer, "id": number}))
        code = 0
    finally:
        os._exit(code)


def _kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _how(code):
    return f"signal {os.WTERMSIG(code)}" if os.WIFSIGNALED(code) else "a defect"
