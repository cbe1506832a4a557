"""A web server as a replica: `server.py FILE [DELAY_S]` notes in FILE every POST it executes.

GET /slow answers after a second, every other request at once with the server's own pid.
"""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one write: one that was begun cannot be given by another replica

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(1)
        self.answer()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with Path(sys.argv[1]).open("ab", buffering=0) as file:
            file.write(body + b"\n")
        time.sleep(0.05)  # time to be killed in, after the deed and before the answer
        self.answer()

    def answer(self) -> None:
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: it is asked thousands of times."""


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


time.sleep(float(sys.argv[2]) if len(sys.argv) > 2 else 0)
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
