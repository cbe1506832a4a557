"""Processes that do errands, apart from whoever passes them on: what hangs holds up no other."""

from __future__ import annotations

import os
import time

from .errands import TELLING, perform
from .frames import CHUNK, Frames, packed, send
from .lean import forget, signal, suppress

PATIENCE_S = 0.2  # an errand waits so long for one that is free: another costs as much as a few
PARTING_S = 1.0  # who is killed is gone at once, unless a disk or a network keeps it


class Workers:
    """As many as are needed: a new one begins when an errand has waited for a while for the others.

    Those are told apart by the pipe that their answers come through.
    """

    def __init__(self, keeping, poll, answered):
        self.keeping, self.poll, self.answered = keeping, poll, answered
        self.all, self.waiting = {}, []

    def take(self, message):
        """Have an errand done, in its turn."""
        self.waiting.append((time.monotonic() + PATIENCE_S, message))

    def cancel(self, number):
        """End an errand, with all that it started."""
        self.waiting = [entry for entry in self.waiting if entry[1]["id"] != number]
        for worker in self.all.values():
            if worker.number == number:
                worker.dismissed = True  # its answer may be on its way: it is at none then
                kill(worker.pid, os.killpg)

    def begin(self):
        """Hand out what waits; when to come again, None for no time."""
        while self.waiting:
            until, message = self.waiting[0]
            free = next((worker for worker in self.all.values() if worker.free), None)
            if free is None and self.all and time.monotonic() < until:
                return until
            try:
                (free or self._hired()).ask(message)
            except OSError:  # no process to spare; `ask` itself raises none
                if not self.all:
                    raise
                self.waiting[0] = (time.monotonic() + PATIENCE_S, message)
                return self.waiting[0][0]
            del self.waiting[0]
        return None

    def relay(self, fd):
        """Pass on what a worker says; one that ends before its answer has been ended."""
        worker = self.all[fd]
        data = os.read(fd, CHUNK)
        for text in worker.frames.raw(data):
            self.answered(len(text).to_bytes(4, "big") + text)
            if text.startswith(b'{"end":'):
                worker.number = 0
        if data:
            return
        self.poll.unregister(fd)
        del self.all[fd]
        code = worker.ended()
        if worker.number:
            message = f"the errand was ended by {_how(code)}"
            answer = {"error": "OutcomeUnknown", "message": message, "remedy": ""}
            self.answered(packed({"end": answer, "id": worker.number}))

    def end(self):
        """Nothing that was asked goes on, and no worker is left to a process 1 that may not care.

        What an errand left running that is over is not what was asked.  All this may be begun once
        more while it is under way.
        """
        for worker in self.all.values():
            kill(worker.pid, os.killpg if worker.number else os.kill)
        until = time.monotonic() + PARTING_S
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0] or time.monotonic() < until:
                time.sleep(0.0005)

    def _hired(self):
        others = [fd for each in self.all.values() for fd in (each.asking, each.answering)]
        worker = Worker((*self.keeping, *others))
        self.all[worker.answering] = worker
        self.poll.register(worker.answering, 1)  # POLLIN
        return worker


class Worker:
    """One of them; `number` is that of the errand it is at, 0 where it is at none.

    It closes `others`, the descriptors by which anybody would see that we, or they, have ended.
    """

    def __init__(self, others):
        asked, self.asking = os.pipe()
        self.answering, answers = os.pipe()
        self.number, self.dismissed, self.frames = 0, False, Frames()
        try:
            self.pid = os.fork()
        except OSError:
            for fd in (asked, self.asking, self.answering, answers):
                os.close(fd)
            raise
        if not self.pid:
            for fd in (*others, self.asking, self.answering):
                os.close(fd)
            _work(asked, answers)
        with suppress(OSError):  # it may be over already
            os.setpgid(self.pid, self.pid)
        os.close(asked)
        os.close(answers)

    @property
    def free(self):
        """Whether it can be asked."""
        return not (self.number or self.dismissed)

    def ask(self, message):
        """Have it begin an errand."""
        self.number = message["id"]
        # What a command leaves running is its user's: no errand after it is to end that.
        self.dismissed = message["errand"] in TELLING
        with suppress(OSError):  # it has ended, which is read from its answers
            send(self.asking, packed(message))

    def ended(self):
        """How it ended, as waitpid(2) says."""
        os.close(self.asking)
        os.close(self.answering)
        return os.waitpid(self.pid, 0)[1]


def kill(pid, by):
    """End a worker; with all that it started, where `by` is os.killpg."""
    with suppress(ProcessLookupError):
        by(pid, signal.SIGKILL)


def _work(asked, answers):
    """All of a worker's process; it does not return."""
    code = 1
    try:
        os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        frames = Frames()
        while data := os.read(asked, CHUNK):
            for message in frames.messages(data):
                last = message["errand"] in TELLING
                _do(message, answers)
                if last:
                    os._exit(0)
        code = 0
    finally:
        os._exit(code)


def _do(message, answers):
    """An errand as if it were the first: nothing of those before it is left."""
    number = message.pop("id")
    os.chdir("/")
    forget()
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # what they left running
            pass
    answer = perform(message, lambda said: send(answers, packed({"id": number, "say": said})))
    send(answers, packed({"end": answer, "id": number}))


def _how(code):
    return f"signal {os.WTERMSIG(code)}" if os.WIFSIGNALED(code) else "a defect"
