"""How many requests fail when a replica is killed under load?  The gateway should lose none."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.containers import IMAGE, docker, import_image
from bench.figure import Figure, Missing, moot, needed, timed, workplace
from bench.planning import write

ANSWER_WITHIN_S = 30
SERVER = '''\
"""Answers every GET with its own process id; as small as a web server gets."""

import http.server
import os


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece: half of one cannot be taken back by any gateway

    def do_GET(self):
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
'''


def measure(short: bool) -> list[Figure]:
    """Failed GET requests of one wrk run during which one of two replicas is killed with -9."""
    seconds = 5 if short else 20
    figures = [_on_laptop(seconds)]
    if "DOCKER_HOST" in os.environ:
        figures.append(_on_docker(seconds))
    return figures


def _on_laptop(seconds: int) -> Figure:
    with workplace() as (folder, environ):
        (folder / "server.py").write_text(SERVER)
        process = {"command": [sys.executable, str(folder / "server.py")]}
        write(folder / "compose.yaml", two({"x-moot": {"process": process}}))

        def kill(url: str) -> None:
            with urllib.request.urlopen(url) as answer:
                os.kill(int(answer.read()), signal.SIGKILL)

        failed, requests = _killed_under_load("laptop", kill, folder, environ, seconds)
    return _figure("laptop", failed, requests)


def _on_docker(seconds: int) -> Figure:
    with workplace() as (folder, environ):
        import_image(environ)
        serve = "echo hello > /index.html; exec busybox httpd -f -p 8000 -h /"
        container = {"image": IMAGE, "command": ["sh", "-c", serve]}
        write(folder / "compose.yaml", two(container))

        def kill(url: str) -> None:
            listed = docker("ps", "-q", "--filter", f"ancestor={IMAGE}", environ=environ)
            docker("kill", "--signal", "KILL", listed.split()[0], environ=environ)

        try:
            failed, requests = _killed_under_load("docker", kill, folder, environ, seconds)
        finally:
            docker("rmi", "-f", IMAGE, environ=environ)
    return _figure("docker", failed, requests)


def two(how: Mapping[str, object]) -> dict[str, object]:
    """One component of two replicas, published on any free port."""
    web = {
        **how,
        "deploy": {"replicas": 2},
        "restart": "always",
        "ports": [{"target": 8000, "app_protocol": "http"}],
    }
    return {"name": "benchloss", "services": {"web": web}}


def _killed_under_load(
    venue: str, kill: Callable[[str], None], folder: Path, environ: Mapping[str, str], seconds: int
) -> tuple[int, int]:
    wrk = [needed("wrk"), "-t1", "-c8", f"-d{seconds}s"]
    try:
        timed(moot("up", "--venue", venue), environ, folder)
        url = published(folder, environ)
        load = subprocess.Popen([*wrk, url], stdout=subprocess.PIPE, text=True)
        time.sleep(seconds / 3)
        kill(url)
        return failures(load.communicate()[0])
    finally:
        timed(moot("down", "--volumes"), environ, folder)


def published(folder: Path, environ: Mapping[str, str]) -> str:
    """Where the App answers; raises Missing when it does not within half a minute."""
    said = json.loads(timed(moot("ps", "--json"), environ, folder).stdout)
    addresses = [e["address"] for r in said["replicas"] for e in r["endpoints"]]
    url = f"http://{addresses[0]}/"
    deadline = time.monotonic() + ANSWER_WITHIN_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return url
        except OSError:
            time.sleep(0.1)
    raise Missing(f"nothing answers at {url}")


def failures(report: str) -> tuple[int, int]:
    """(failed, all) requests in what wrk printed."""
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", report)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    counts = [*(errors.groups() if errors else ()), *(refused.groups() if refused else ())]
    answered = re.search(r"(\d+) requests in", report)
    assert answered, report
    return sum(map(int, counts)), int(answered[1])


def _figure(venue: str, failed: int, requests: int) -> Figure:
    return Figure(
        name=f"failed GET requests, kill -9 of one of two replicas on {venue}",
        value=failed,
        unit=f"of {requests:,}",
        bound=0,
        command="wrk -t1 -c8, kill -9 a third of the way through",
    )
