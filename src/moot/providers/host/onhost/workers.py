"""Processes that do errands, apart from whoever passes them on: what hangs holds up no other."""

from __future__ import annotations

import os
import time

from .errands import perform
from .frames import CHUNK, Frames, packed, send
from .lean import forget, signal, suppress

PATIENCE_S = 0.2  # an errand waits so long for one that is free: another costs as much as a few


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
                kill(worker.pid)

    def begin(self):
        """Hand out what waits; when to come again, None for no time."""
        while self.waiting:
            until, message = self.waiting[0]
            free = next((worker for worker in self.all.values() if not worker.number), None)
            if free is None and self.all and time.monotonic() < until:
                return until
            del self.waiting[0]
            (free or self._hired()).ask(message)
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
        """Nothing that was asked goes on."""
        for worker in self.all.values():
            kill(worker.pid)

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
        self.number, self.frames = 0, Frames()
        self.pid = os.fork()
        if not self.pid:
            for fd in (*others, self.asking, self.answering):
                os.close(fd)
            _work(asked, answers)
        with suppress(OSError):  # it may be over already
            os.setpgid(self.pid, self.pid)
        os.close(asked)
        os.close(answers)

    def ask(self, message):
        """Have it begin an errand."""
        self.number = message["id"]
        with suppress(OSError):  # it has ended, which is read from its answers
            send(self.asking, packed(message))

    def ended(self):
        """How it ended, as waitpid(2) says."""
        os.close(self.asking)
        os.close(self.answering)
        return os.waitpid(self.pid, 0)[1]


def kill(pid):
    """End a worker, with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


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
                _do(message, answers)
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
