"""Prints what a web address answers, and ends with 1 when it does not answer well in time."""

import sys
import time
import urllib.request


def ask(url: str, within_s: float) -> str:
    """The body of the first good answer; raises OSError when there is none in that time."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.read().decode().rstrip()
        except OSError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    try:
        print(ask(sys.argv[1], float(sys.argv[2]) if sys.argv[2:] else 0))
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
