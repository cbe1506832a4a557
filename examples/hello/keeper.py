"""Keeps count of visits in a SQLite file: `keeper.py migrate FILE` once, then `serve FILE`."""

import http.server
import os
import sqlite3
import sys


def migrate(file: str) -> None:
    """Make the table where it is not there yet."""
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE IF NOT EXISTS visit (at TEXT DEFAULT CURRENT_TIMESTAMP)")
    print(f"{file} is ready")


def serve(file: str) -> None:
    """Answer POST /visits with the number of this visit, GET /healthz with ok."""

    class Keeper(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with sqlite3.connect(file) as database:
                number = database.execute("INSERT INTO visit DEFAULT VALUES").lastrowid
            self.answer(str(number))

        def do_GET(self) -> None:
            self.answer("ok")

        def answer(self, text: str) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

    print(f"counting visits in {file}")
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Keeper).serve_forever()


if __name__ == "__main__":
    {"migrate": migrate, "serve": serve}[sys.argv[1]](sys.argv[2])
