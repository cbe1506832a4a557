"""A gateway's inside: HAProxy's runtime API and our two files, over one exec that is kept open.

An exec or an archive call costs the Engine a new process each, a message over the open one nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from moot.provider import ProviderError
from moot.providers.docker.client import Engine
from moot.providers.docker.stream import STDOUT, Stream, attach, prepare

FOLDER = "/etc/moot"
BOOK = f"{FOLDER}/gateway.json"
CONFIGURATION = f"{FOLDER}/haproxy.cfg"
# On loopback in the container's own network namespace, where only the container itself gets to.
# Port 1 has had no use since TCPMUX, so nobody's component listens on it.
PORT = 1
STATS = (f"ipv4@127.0.0.1:{PORT}",)
ANSWER_TIMEOUT_S = 5.0
END = b"\n\x1e\n"
NO_ANSWER = "!no answer"

# A message is two lines, a word and a text.  bash has TCP built in; where there is none, as in
# Alpine's image, BusyBox has nc.
SCRIPT = f"""
ask() {{ printf '%s\\n' "$1" | nc 127.0.0.1 {PORT}; }}
[ -z "$BASH_VERSION" ] || ask() {{
    ( exec 3<>/dev/tcp/127.0.0.1/{PORT} && printf '%s\\n' "$1" >&3 && cat <&3 )
}}
put() {{ printf '%b' "$1" >"$2.new" && mv "$2.new" "$2"; }}
while IFS= read -r word && IFS= read -r text; do
    case $word in
        ask) ask "$text" 2>/dev/null || echo '{NO_ANSWER}' ;;
        get) cat {BOOK} ;;
        book) put "$text" {BOOK} ;;
        configuration) put "$text" {CONFIGURATION} ;;
    esac
    printf '\\n\\036\\n'
done
"""
ARGV = ("sh", "-c", 'command -v bash >/dev/null && exec bash -c "$0"; eval "$0"', SCRIPT)


class Controls:
    """The open channels of one provider, by container; safe from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}
        self._open: dict[str, _Channel] = {}

    def lock(self, gateway: str) -> threading.RLock:
        """Held while a gateway's book and HAProxy are brought in line."""
        with self._lock:
            return self._locks.setdefault(gateway, threading.RLock())

    def ask(self, gateway: str, *commands: str) -> str:
        """What HAProxy answers to runtime commands.

        Raises NetworkFailure where it does not answer (yet), as right after a start.
        """
        answer = self._say(gateway, "ask", ";".join(commands))
        if answer.endswith(NO_ANSWER):
            raise _silent(gateway, "HAProxy is not up")
        return answer

    def book(self, gateway: str) -> str:
        """The text of the book; the container must be running."""
        return self._say(gateway, "get", "")

    def save(self, gateway: str, book: str, configuration: str) -> None:
        """Replace the book and the configuration; the container must be running."""
        self._say(gateway, "book", _escaped(book))
        self._say(gateway, "configuration", _escaped(configuration))

    def forget(self, gateway: str) -> None:
        """Close the channel, because its container ends."""
        channel = self._open.pop(gateway, None)
        if channel:
            channel.close()

    def close(self) -> None:
        """Close all channels."""
        for gateway in list(self._open):
            self.forget(gateway)

    def _say(self, gateway: str, word: str, text: str) -> str:
        """One message and its answer; a channel that ended with its container is opened again."""
        with self.lock(gateway):
            kept = self._open.get(gateway)
            try:
                if kept is not None:
                    return kept.say(word, text)
            except OSError:
                self.forget(gateway)
            try:
                channel = self._open[gateway] = _Channel(self._engine, gateway)
                return channel.say(word, text)
            except OSError as error:
                self.forget(gateway)
                raise _silent(gateway, str(error)) from None


class _Channel:
    """One running script inside a gateway."""

    def __init__(self, engine: Engine, gateway: str) -> None:
        self._stream: Stream = attach(engine, prepare(engine, gateway, ARGV))
        self._stream.timeout(ANSWER_TIMEOUT_S)
        self._frames: Iterator[tuple[int, bytes]] = self._stream.read()

    def say(self, word: str, text: str) -> str:
        """Raises OSError where the script is not there any more."""
        self._stream.send(f"{word}\n{text}\n".encode())
        answer = b""
        while not answer.endswith(END):
            number, content = next(self._frames, (0, b""))
            if not content:
                raise ConnectionError("the channel was closed")
            if number == STDOUT:
                answer += content
        return answer.removesuffix(END).decode(errors="replace").strip()

    def close(self) -> None:
        self._stream.close()


def _escaped(text: str) -> str:
    """On one line, for printf's %b."""
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _silent(gateway: str, reason: str) -> ProviderError:
    return ProviderError(
        "NetworkFailure",
        f"the gateway {gateway[:12]} does not answer: {reason}",
        remedy=f"see docker logs {gateway[:12]}",
    )
