"""Load on an address: wrk for what may be repeated, numbered orders for what may not."""

from __future__ import annotations

import re
import subprocess
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from types import TracebackType


@dataclass
class Load:
    """While it lasts, GETs by wrk and POSTs with a number each go to one port."""

    port: int
    seconds: int = 8
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: int = -1
    requests: int = 0

    def __enter__(self) -> Load:
        url = f"http://127.0.0.1:{self.port}/cgi-bin/hello"
        self._wrk = subprocess.Popen(
            ["wrk", "-t1", "-c8", f"-d{self.seconds}s", "--timeout", "5s", url],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stop = threading.Event()
        self._orders = threading.Thread(target=self._order)
        self._orders.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        out, _ = self._wrk.communicate(timeout=self.seconds + 30)
        self._stop.set()
        self._orders.join(timeout=30)
        self.requests = int(re.search(r"(\d+) requests in", out)[1])  # type: ignore[index]
        errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        self.failed = sum(map(int, errors.groups())) if errors else 0
        self.failed += int(bad[1]) if bad else 0

    def _order(self) -> None:
        number = 0
        while not self._stop.wait(0.02):
            number += 1
            url = f"http://127.0.0.1:{self.port}/cgi-bin/order?o{number}"
            try:
                with urllib.request.urlopen(url, data=b"x", timeout=10) as answer:
                    answer.read()
                    self.accepted.append(f"o{number}")
            except (urllib.error.URLError, OSError):
                self.refused.append(f"o{number}")
