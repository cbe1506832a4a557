"""What answers on a machine for as long as a courier is there, and has workers do the errands.

An errand dies with the courier, with all it started; what must outlive it is given a session of its
own.  So nothing stays when moot ends, however it ends, and nothing lands long after it was asked.
"""

from __future__ import annotations

import math
import os
import select
import sys
import time

from . import bundle
from .facts import facts
from .frames import CHUNK, Frames, packed, send
from .lean import signal
from .ports import reservations_of
from .workers import Workers

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
    os.chdir("/")
    os.umask(0o022)
    server = Server(asking, answering, given["patience_s"])
    signal.signal(signal.SIGTERM, lambda *_: server.leave())
    server.run()


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
    """What is asked goes to the workers, and what they say goes back."""

    def __init__(self, asking, answering, patience_s):
        self.asking, self.answering, self.patience_s = asking, answering, patience_s
        self.frames = Frames()
        self.heard = time.monotonic()
        self.poll = select.poll()
        self.poll.register(asking, select.POLLIN)
        # Workers keep neither: or who writes to us would not see that we ended.
        self.workers = Workers((asking, answering), self.poll, self.say)

    def run(self):
        try:
            while time.monotonic() < self.heard + self.patience_s:
                until = min(self.heard + self.patience_s, self.workers.begin() or math.inf)
                for fd, _ in self.poll.poll(max(0.0, until - time.monotonic()) * 1000):
                    if fd != self.asking:
                        self.workers.relay(fd)
                    elif not self.listen():
                        return
        except BrokenPipeError:
            pass
        finally:
            self.workers.end()

    def leave(self):
        """Told to while anything is under way, be it the end: an exception could be lost in it."""
        self.workers.end()
        os._exit(1)

    def listen(self):
        """Take in what was asked; False when nobody is there any more."""
        data = os.read(self.asking, CHUNK)
        self.heard = time.monotonic()
        for message in self.frames.messages(data):
            if "errand" in message:
                self.workers.take(message)
            elif "cancel" in message:
                self.workers.cancel(message["cancel"])
            else:
                self.say(packed(message))  # a sign of life for a sign of life
        return bool(data)

    def say(self, data):
        send(self.answering, data)
