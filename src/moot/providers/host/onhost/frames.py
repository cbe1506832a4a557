"""Messages on a pipe: JSON objects, each after its length in four bytes."""

from __future__ import annotations

import os

from .lean import dumps, loads

HEADER = 4  # bytes of a message's length
CHUNK = 1 << 18


def packed(message):
    """A message as it goes over the pipe."""
    text = dumps(message, compact=True).encode()
    return len(text).to_bytes(HEADER, "big") + text


def send(fd, data):
    """Write all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class Frames:
    """Takes bytes as they come and gives the messages that are complete."""

    def __init__(self):
        self.rest = bytearray()

    def raw(self, data):
        """Each complete message as its JSON text."""
        self.rest += data
        while len(self.rest) >= HEADER:
            end = HEADER + int.from_bytes(self.rest[:HEADER], "big")
            if len(self.rest) < end:
                return
            text = bytes(self.rest[HEADER:end])
            del self.rest[:end]
            yield text

    def messages(self, data):
        """Each complete message."""
        return map(loads, self.raw(data))
