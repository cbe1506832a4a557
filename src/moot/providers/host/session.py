"""One connection to a machine and the Python at its other end, until either of them ends."""

from __future__ import annotations

import contextlib
import hashlib
import json
import marshal
import os
import queue
import select
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import MAGIC_NUMBER
from subprocess import Popen, TimeoutExpired
from typing import Any

from moot.provider import ProviderError
from moot.providers.host.onhost.carried import STABLE, compiled
from moot.providers.host.onhost.frames import HEADER, Frames, packed, send
from moot.shell import Shell, ShellError

PING_S = 5.0  # so often either end gives a sign of life
DEAD_S = 20.0  # a machine that gives none for so long is not there
PATIENCE_S = 60.0  # as long as the other end waits for a sign of life
GLANCE_S = 0.2  # how often `stop` is asked
GREETING = b"moot: a courier is here\n"
NOISE = 1 << 16  # what a login shell there may print before we are greeted
LOADER = (
    "import os,sys;"
    "f=lambda d:d if len(d)=={0} else f(d+(os.read(0,{0}-len(d)) or sys.exit(1)));"
    "exec(f(b''))"
)
_PACKING = threading.Lock()
UNGREETED = set[Popen[bytes]]()  # connections on their way


@dataclass(frozen=True)
class Interpreter:
    """A Python on a machine: how to get there, and what starts it.

    `arguments` stand last on its command line.  `data` is the folder that we keep things in there,
    "" for the usual one, which has `key` as its last part.  `folder` has our scripts, if we know.
    """

    shell: Shell
    argv: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    data: str = ""
    key: str = ""
    folder: str = ""
    greeted_within_s: float = 30.0


class Session:
    """Made when the other end has greeted us; raises ShellError where it did not."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.since = time.monotonic()
        self._shell = interpreter.shell
        boot = _texts()["onhost/boot.py"].encode()
        loader = LOADER.format(len(boot))
        argv = (*interpreter.argv, "-E", "-s", "-S", "-c", loader, *interpreter.arguments)
        self._process: Popen[bytes] = interpreter.shell.open(argv)
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._asking = self._process.stdin.fileno()
        self._answering = self._process.stdout.fileno()
        self._frames = Frames()
        self._writing, self._keeping = threading.Lock(), threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[Any]] = {}
        self._number = 0
        self.alive = True
        UNGREETED.add(self._process)
        try:
            with contextlib.suppress(BrokenPipeError):  # why it ended is read below
                send(self._asking, boot + bundle(interpreter))
            self.hello: Mapping[str, Any] = self._greeted(interpreter.greeted_within_s)
        except BaseException:
            self._hang_up()
            self._close_pipes()
            raise
        finally:
            UNGREETED.discard(self._process)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask(
        self,
        message: Mapping[str, Any],
        timeout_s: float,
        said: Callable[[Any], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """The answer to an errand.  Raises OutcomeUnknown where none comes."""
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with self._keeping:
            self._number += 1
            number = self._number
            self._waiting[number] = answers
        try:
            self._say({"id": number, **message})
            return self._answer(number, answers, timeout_s, said, stop)
        finally:
            with self._keeping:
                del self._waiting[number]

    def part(self) -> None:
        """Tell the other end that we are gone, and wait for nothing."""
        self.alive = False
        assert self._process.stdin
        if self._writing.acquire(timeout=GLANCE_S):  # who writes to a dead machine may never end
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._writing.release()
        self._process.terminate()

    def close(self) -> None:
        """End it; errands under way there end with it."""
        self._hang_up()
        self._listener.join(1)

    def forsake(self) -> None:
        """Let go of what a forked child has inherited: the session is its parent's."""
        self.alive = False
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                pipe.close() if pipe else None
        self._process.returncode = 0  # nor is the process its child

    def _answer(
        self,
        number: int,
        answers: queue.SimpleQueue[Any],
        timeout_s: float,
        said: Callable[[Any], None] | None,
        stop: Callable[[], bool] | None,
    ) -> dict[str, Any]:
        until = time.monotonic() + timeout_s
        while True:
            left_s = until - time.monotonic()
            try:
                message = answers.get(timeout=max(0.0, min(left_s, GLANCE_S) if stop else left_s))
            except queue.Empty:
                if stop and stop():
                    self._say({"cancel": number})
                    raise ProviderError("OutcomeUnknown", "it was interrupted") from None
                if time.monotonic() >= until:
                    self._say({"cancel": number})
                    text = f"it took longer than {timeout_s:g} s"
                    raise ProviderError("OutcomeUnknown", text) from None
                continue
            if message is None or not self.alive:
                raise ProviderError("OutcomeUnknown", "the connection was lost")
            if "end" in message:
                return message["end"]
            if said:
                said(message["say"])

    def _say(self, message: Mapping[str, Any]) -> None:
        try:
            with self._writing:
                if not self.alive:
                    raise BrokenPipeError  # the descriptor may be another's by now
                send(self._asking, packed(message))
        except OSError as lost:
            raise ProviderError("OutcomeUnknown", "the connection was lost") from lost

    def _greeted(self, within_s: float) -> Mapping[str, Any]:
        """What the other end says of itself, once it has our scripts."""
        until = time.monotonic() + within_s
        for message in self._first_messages(until):
            if "hello" in message:
                return message["hello"]
            self._give(scripts(message["lacks"]), until)
        raise ShellError("it did not greet us in time", "look whether it is overloaded")

    def _first_messages(self, until: float) -> Iterator[dict[str, Any]]:
        """What comes after the greeting; before it comes whatever a login shell there prints."""
        seen = b""
        while GREETING not in seen:
            data = self._read(until - time.monotonic())
            if data is None:
                return
            seen += data
            if not data or len(seen) > NOISE:
                raise self._reason(seen)
        data = seen.partition(GREETING)[2]
        while data is not None:
            yield from self._frames.messages(data)
            data = self._read(until - time.monotonic())
            if data == b"":
                raise self._reason(b"")

    def _give(self, data: bytes, until: float) -> None:
        """Write what may be more than a pipe holds, but wait for nobody after `until`."""
        poll = select.poll()
        poll.register(self._asking, select.POLLOUT)
        view = memoryview(data)
        with contextlib.suppress(BrokenPipeError):  # why it ended is read next
            while view and poll.poll(max(0.0, until - time.monotonic()) * 1000):
                view = view[os.write(self._asking, view[: select.PIPE_BUF]) :]

    def _reason(self, seen: bytes) -> ShellError:
        """Why there is nobody at the other end."""
        assert self._process.stderr
        with contextlib.suppress(TimeoutExpired):
            self._process.wait(2)
        os.set_blocking(self._process.stderr.fileno(), False)
        said = (self._process.stderr.read() or b"").decode(errors="replace")
        code = self._process.poll()
        return self._shell.why(code or 0, said or seen.decode(errors="replace"))

    def _read(self, timeout_s: float) -> bytes | None:
        """What comes; None where nothing does, empty at the end."""
        poll = select.poll()
        poll.register(self._answering, select.POLLIN)
        if not poll.poll(max(0.0, timeout_s) * 1000):
            return None
        return os.read(self._answering, 1 << 18)

    def _listen(self) -> None:
        """Hand out what comes, until nothing can come any more."""
        heard = pinged = time.monotonic()
        with contextlib.suppress(OSError):
            while self.alive and time.monotonic() < heard + DEAD_S:
                data = self._read(pinged + PING_S - time.monotonic())
                if time.monotonic() >= pinged + PING_S:  # also while it talks: so must we
                    self._ping()
                    pinged = time.monotonic()
                if data is None:
                    continue
                if not data:
                    break
                heard = time.monotonic()
                for message in self._frames.messages(data):
                    self._hand_out(message)
        self._hang_up()
        with self._keeping:
            for answers in self._waiting.values():
                answers.put(None)
        self._close_pipes()

    def _ping(self) -> None:
        """A sign of life that waits for nobody: who listens must not, and who writes gives one."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            poll = select.poll()
            poll.register(self._asking, select.POLLOUT)
            if self.alive and poll.poll(0):
                send(self._asking, packed({"ping": 0}))
        finally:
            self._writing.release()

    def _hand_out(self, message: dict[str, Any]) -> None:
        with self._keeping:
            answers = self._waiting.get(message.get("id", 0))
        if answers:
            answers.put(message)

    def _hang_up(self) -> None:
        """See to it that nothing is left here."""
        self.part()
        with contextlib.suppress(TimeoutExpired):
            self._process.wait(GLANCE_S)
        self._process.kill()
        self._process.wait()

    def _close_pipes(self) -> None:
        """What we read from; only who read there may say that nobody does any more."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                pipe.close() if pipe else None


@cache
def digest() -> str:
    """What our scripts are known by there; another version's are another folder."""
    return hashlib.sha256(json.dumps(_texts()).encode()).hexdigest()[:16]


@cache
def _texts() -> dict[str, str]:
    """What runs on the machine, by file."""
    folder = files("moot.providers.host.onhost")
    texts = dict[str, str]()
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py"):
            texts[f"onhost/{file.name}"] = file.read_text(encoding="utf-8")
    return texts


def bundle(interpreter: Interpreter) -> bytes:
    """What the other end needs to begin: where things are, and how our scripts are found."""
    said = {
        "greeting": GREETING.decode(),
        "digest": digest(),
        "carried": _texts()["onhost/carried.py"],
        "folder": interpreter.folder,
        "data": interpreter.data,
        "key": interpreter.key,
        "patience_s": PATIENCE_S,
    }
    return _framed(marshal.dumps(said, STABLE))


def scripts(magic: str) -> bytes:
    """Our scripts for a machine without them, and compiled where its Python is like ours."""
    with _PACKING:  # once, and not by the thread of each machine
        return _packed(magic == MAGIC_NUMBER.hex())


@cache
def _packed(alike: bool) -> bytes:
    texts = _texts()
    sent = _framed(marshal.dumps(texts, STABLE))
    if not alike:
        return sent + bytes(HEADER)
    code = {file: compiled(text, file) for file, text in texts.items()}
    return sent + _framed(marshal.dumps(code))


def _framed(data: bytes) -> bytes:
    text = zlib.compress(data, 6)
    return len(text).to_bytes(HEADER, "big") + text
