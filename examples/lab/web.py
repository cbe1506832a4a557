"""Greets whoever asks, and says who answers; `web.py check` says whether it answers at all."""

import http.server
import os
import socket
import sys
import urllib.request

PORT = int(os.environ["PORT"])
TALLY = f"http://{os.environ['TALLY_HOST']}:{os.environ['TALLY_PORT']}/"
CACHE = os.environ["CACHE_HOST"], int(os.environ["CACHE_PORT"])
WHO = f"{os.environ['MOOT_REPLICA']} on {socket.gethostname()}"


class Web(http.server.BaseHTTPRequestHandler):
    """GET /healthz is for the health check; every other address is a visit."""

    wbufsize = -1  # head and body leave together: half an answer is no use to anybody

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.answer("ok")
            return
        with urllib.request.urlopen(urllib.request.Request(TALLY, method="POST")) as reply:
            number = reply.read().decode()
        self.answer(f"Hello from {WHO}. You are visitor {number}, {seen()} of late.\n")

    def answer(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def seen() -> str:
    """How many visits one of the caches has counted since it was started."""
    with socket.create_connection(CACHE, timeout=2) as cache:
        cache.sendall(b"INCR visits\r\n")
        return cache.recv(100).decode().strip().removeprefix(":")


def check() -> None:
    """Fail unless it answers here."""
    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=2).close()


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        check()
    else:
        http.server.ThreadingHTTPServer(("", PORT), Web).serve_forever()
