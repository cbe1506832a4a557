"""How much do machines in trouble hold up the others?  200 machines, 15 of which are.

Five hang, five refuse to let anybody in, five have no room on their disk.
"""

from __future__ import annotations

import subprocess
import time
from typing import Any

from bench.fanout import MARKS, declared, laboratory
from bench.figure import Figure, median, workplace
from tests.substrates.host_network import said

BOUND = 1.25  # of the time that the same machines take where all are well
REFUSE = """nft add table ip shut
nft add chain ip shut in '{ type filter hook input priority 0; }'
nft add rule ip shut in tcp dport 22 reject with tcp reset"""
FILL = """mkdir -p /var/lib/moot
mount -t tmpfs -o size=64k tmpfs /var/lib/moot
dd if=/dev/zero of=/var/lib/moot/filled bs=1k count=64 2>/dev/null || true"""
SAID = {  # of a machine in each kind of trouble: what the report must have beside its name
    "hangs": "it does not answer in time",
    "refuses": "nothing listens there",
    "is full": "its disk is full",
}


def measure(short: bool) -> list[Figure]:
    """Wall seconds until the last machine that is well has all it should have."""
    well, each, rounds = (12, 1, 1) if short else (185, 5, 3)
    beside, alone, whole = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        alone.append(_run(well, 0)[0])
        done_s, all_s = _run(well, each)
        beside.append(done_s)
        whole.append(all_s)
    count = well + len(SAID) * each
    command = f"python -m bench.run trouble  # {count} hosts, {len(SAID) * each} of them in trouble"
    return [
        Figure(
            name=f"{well} machines configured, beside {len(SAID) * each} in trouble",
            value=median(beside),
            unit="s",
            peer="none in trouble",
            peer_value=median(alone),
            bound=BOUND,
            command=command,
        ),
        Figure(
            name="the same until those in trouble are given up and named",
            value=median(whole),
            unit="s",
            command=command,
        ),
    ]


def _run(well: int, each: int) -> tuple[float, float]:
    """(until all that are well were done, until the command ended), in seconds."""
    with laboratory() as lab, workplace() as (folder, environ):
        hosts = lab.add(well + len(SAID) * each)
        for host in hosts:  # so many neighbours are more than the kernel remembers by itself
            neighbour = [host.address, "lladdr", host.card, "dev", lab.bridge]
            said("ip", "neigh", "replace", *neighbour, "nud", "permanent")
        good, bad = hosts[:well], hosts[well:]
        troubled = {name: bad[at * each : (at + 1) * each] for at, name in enumerate(SAID)}
        for host in troubled["refuses"]:
            host.run("sh", "-ec", REFUSE)
        for host in troubled["is full"]:
            host.run("sh", "-ec", FILL)
        for host in troubled["hangs"]:
            host.freeze()
        # Those with a full disk answer, and so are taken for machines like the others.
        replicas = well + len(troubled["is full"])
        # A connection that is kept would outlive the machine at its other end, and so this run.
        argv = declared(lab, hosts, folder, environ, replicas, persist_s=0)
        argv.remove("--quiet")  # which would keep warnings to itself
        began, clock_s = time.time(), time.perf_counter()
        ran = subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True)
        whole_s = time.perf_counter() - clock_s
        for host in troubled["hangs"]:
            host.thaw()
        done_s = max(_done(host) for host in good) - began
        assert bool(ran.returncode) == bool(bad), ran.stderr
        for name, machines in troubled.items():
            for host in machines:
                assert _named(ran.stderr, host.address, SAID[name]), (name, host, ran.stderr)
    return done_s, whole_s


def _done(host: Any) -> float:
    """When it had all that was asked for; raises where it has not."""
    return max((host.root / mark[1:]).stat().st_mtime for mark in MARKS)


def _named(report: str, address: str, words: str) -> bool:
    """Whether the report says of this machine what is wrong with it."""
    lines = report.splitlines()
    for at, line in enumerate(lines):
        if address in line:  # what is said of several stands below the last of them
            below = (text for text in lines[at + 1 :] if text.startswith("  "))
            if words in f"{line} {next(below, '')}":
                return True
    return False
