"""Greets whoever asks, and says which replica it is and how many came before."""

import http.server
import os
import urllib.request

KEEPER = f"http://{os.environ['KEEPER_HOST']}:{os.environ['KEEPER_PORT']}/visits"
WHO = os.environ["MOOT_REPLICA"]


class Web(http.server.BaseHTTPRequestHandler):
    """GET /healthz is for the health check; every other address is a visit."""

    wbufsize = -1  # head and body leave together: half an answer is no use to anybody

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.answer("ok")
            return
        with urllib.request.urlopen(urllib.request.Request(KEEPER, method="POST")) as reply:
            number = reply.read().decode()
        self.answer(f"{os.environ['GREETING']} from {WHO}. You are visitor {number}.\n")

    def answer(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


print(f"{WHO} listens on {os.environ['PORT']}")
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Web).serve_forever()
