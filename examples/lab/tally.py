"""Counts visits in a SQLite file: `tally.py FILE`; `tally.py check` says whether it answers."""

import http.server
import os
import sqlite3
import sys
import urllib.request

PORT = int(os.environ["PORT"])


def check() -> None:
    """Fail unless it answers here."""
    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=2).close()


def serve(file: str) -> None:
    """Answer POST with the number of this visit."""
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE IF NOT EXISTS visit (at TEXT DEFAULT CURRENT_TIMESTAMP)")

    class Tally(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with sqlite3.connect(file) as database:
                number = database.execute("INSERT INTO visit DEFAULT VALUES").lastrowid
            self.answer(str(number))

        def do_GET(self) -> None:
            self.answer("ok")

        def answer(self, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    # Gateways of other machines ask, too: not on the loopback alone.
    http.server.ThreadingHTTPServer(("", PORT), Tally).serve_forever()


if __name__ == "__main__":
    check() if sys.argv[1] == "check" else serve(sys.argv[1])
