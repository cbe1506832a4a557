"""Messages on a pipe: JSON objects, each after its length in four bytes."""

from __future__ import annotations

import json
import os
import struct

HEADER = struct.Struct(">I")
CHUNK = 1 << 18


def packed(message):
    """A message as it goes over the pipe."""
    text = json.dumps(message, separators=(",", ":")).encode()
    return HEADER.pack(len(text)) + text


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
        while len(self.rest) >= HEADER.size:
            end = HEADER.size + HEADER.unpack_from(self.rest)[0]
            if len(self.rest) < end:
                return
            text = bytes(self.rest[HEADER.size : end])
            del self.rest[:end]
            yield text

    def messages(self, data):
        """Each complete message."""
        return map(json.loads, self.raw(data))
