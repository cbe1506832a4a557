"""HAProxy's runtime API inside a gateway container, over one exec that is kept open."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from moot.provider import ProviderError
from moot.providers.docker.client import Engine
from moot.providers.docker.stream import STDOUT, Stream, attach, prepare

# On loopback in the container's own network namespace, where only the container itself gets to.
# Port 1 has had no use since TCPMUX, so nobody's component listens on it.
PORT = 1
STATS = (f"ipv4@127.0.0.1:{PORT}",)
ANSWER_TIMEOUT_S = 5.0
PROMPT = b"\n> "

# bash has TCP built in; where there is none, as in Alpine's image, BusyBox has nc.
_RELAY = (
    f"exec 3<>/dev/tcp/127.0.0.1/{PORT} || exit 1; cat <&3 & cat >&3; kill $!; wait"
)
RELAY = (
    "sh",
    "-c",
    f"if command -v bash >/dev/null; then exec bash -c '{_RELAY}'; fi; exec nc 127.0.0.1 {PORT}",
)


class Controls:
    """The open control channels of one provider, by container; safe from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}
        self._open: dict[str, _Channel] = {}

    def lock(self, gateway: str) -> threading.RLock:
        """Held while a gateway's book and HAProxy are brought in line."""
        with self._lock:
            return self._locks.setdefault(gateway, threading.RLock())

    def ask(self, gateway: str, *commands: str) -> list[str]:
        """HAProxy's answers.  Raises NetworkFailure where it does not answer (yet).

        A channel that HAProxy has closed meanwhile is opened again, once.
        """
        with self.lock(gateway):
            kept = self._open.get(gateway)
            if kept is not None:
                try:
                    return [kept.ask(command) for command in commands]
                except OSError:
                    self.forget(gateway)
            try:
                channel = self._open[gateway] = _Channel(self._engine, gateway)
                return [channel.ask(command) for command in commands]
            except OSError as error:
                self.forget(gateway)
                raise ProviderError(
                    "NetworkFailure",
                    f"HAProxy in the gateway {gateway[:12]} does not answer: {error}",
                    remedy=f"see docker logs {gateway[:12]}",
                ) from None

    def forget(self, gateway: str) -> None:
        """Close the channel; the next question opens a new one, to the HAProxy of then."""
        channel = self._open.pop(gateway, None)
        if channel:
            channel.close()

    def close(self) -> None:
        """Close all channels."""
        for gateway in list(self._open):
            self.forget(gateway)


class _Channel:
    """One conversation in HAProxy's interactive mode: every answer ends with a prompt."""

    def __init__(self, engine: Engine, gateway: str) -> None:
        self._stream: Stream = attach(engine, prepare(engine, gateway, RELAY))
        self._stream.timeout(ANSWER_TIMEOUT_S)
        self._frames: Iterator[tuple[int, bytes]] = self._stream.read()
        self.ask("prompt")

    def ask(self, command: str) -> str:
        self._stream.send(command.encode() + b"\n")
        answer = b"\n"
        while not answer.endswith(PROMPT):
            number, content = next(self._frames, (0, b""))
            if not content:
                raise ConnectionError("the channel was closed")
            if number == STDOUT:
                answer += content
        return answer.removesuffix(PROMPT).decode(errors="replace").strip()

    def close(self) -> None:
        self._stream.close()
