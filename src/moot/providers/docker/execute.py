"""A command in a container, on this process's own standard streams."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import termios
import threading
import tty as terminal
from collections.abc import Iterator, Mapping, Sequence

from moot.providers.docker.client import Engine
from moot.providers.docker.stream import CHUNK_BYTES, STDERR, Stream, attach, prepare

ASK_S = 0.2


def execute(
    engine: Engine,
    container: str,
    argv: Sequence[str],
    *,
    tty: bool,
    environment: Mapping[str, str],
    working_dir: str | None,
    user: str | None,
) -> int:
    """Run it and give its exit code.  With `tty` our terminal becomes the command's."""
    exec_id = prepare(
        engine,
        container,
        argv,
        tty=tty,
        environment=environment,
        working_dir=working_dir,
        user=user,
    )
    stream = attach(engine, exec_id, tty=tty)
    ended = threading.Event()
    feeder = threading.Thread(target=_feed, args=(stream, ended), daemon=True)
    with _raw_terminal(tty), _resizing(engine, exec_id, tty):
        feeder.start()
        for number, content in stream.read():
            _write(2 if number == STDERR else 1, content)
        ended.set()
    stream.close()
    found = engine.call(f"exec inspect {exec_id[:12]}", lambda c: c.exec_inspect(exec_id))
    return int(found["ExitCode"] or 0)


def _feed(stream: Stream, ended: threading.Event) -> None:
    """Our standard input to the command's, until either ends."""
    source = sys.stdin.fileno()
    with contextlib.suppress(OSError, ValueError):
        while not ended.is_set():
            if not select.select([source], [], [], ASK_S)[0]:
                continue
            content = os.read(source, CHUNK_BYTES)
            if not content:
                stream.end_input()
                return
            stream.send(content)


def _write(number: int, content: bytes) -> None:
    while content:
        content = content[os.write(number, content) :]


@contextlib.contextmanager
def _raw_terminal(tty: bool) -> Iterator[None]:
    """Keys go to the command as they are pressed, Ctrl-C included."""
    source = sys.stdin.fileno()
    if not tty or not os.isatty(source):
        yield
        return
    before = termios.tcgetattr(source)
    terminal.setraw(source, termios.TCSADRAIN)  # what was typed ahead is kept
    try:
        yield
    finally:
        termios.tcsetattr(source, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _resizing(engine: Engine, exec_id: str, tty: bool) -> Iterator[None]:
    """The command's terminal is as large as ours, also after ours has changed."""

    def resize(*_: object) -> None:
        size = shutil.get_terminal_size()
        with contextlib.suppress(Exception):  # it may have ended meanwhile
            engine.call(
                f"exec resize {exec_id[:12]}",
                lambda c: c.exec_resize(exec_id, height=size.lines, width=size.columns),
            )

    if not tty or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGWINCH, resize)
    resize()
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
