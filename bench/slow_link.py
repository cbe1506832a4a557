"""A link of a given bandwidth: `slow_link.py HOST PORT MBIT` joins its own streams to a socket.

As the ProxyCommand of `ssh` it stands in for the network between two machines, where one has both.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time

PIECE_BYTES = 1 << 15


def main() -> None:
    """Both ways until either end has had enough."""
    host, port, mbit = sys.argv[1:]
    rate = float(mbit) * 1e6 / 8
    with socket.create_connection((host, int(port))) as line:
        thread = threading.Thread(target=carry, args=(line.fileno(), 1, rate), daemon=True)
        thread.start()
        carry(0, line.fileno(), rate)
        line.shutdown(socket.SHUT_WR)
        thread.join()


def carry(source: int, sink: int, rate: float) -> None:
    """No faster than `rate` bytes in a second; what was not used of it is not saved up."""
    free_at = time.monotonic()
    while piece := os.read(source, PIECE_BYTES):
        sent = 0
        while sent < len(piece):
            sent += os.write(sink, piece[sent:])
        free_at = max(free_at, time.monotonic() - 0.01) + len(piece) / rate
        time.sleep(max(0.0, free_at - time.monotonic()))


if __name__ == "__main__":
    main()
