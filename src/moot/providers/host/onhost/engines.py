"""The container engine of this machine, by its own command line: Docker, else Podman."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from .files import Problem
from .lean import kept, loads, once

NAMES = ("docker", "podman")
# As Docker and Podman word it: (what is not there, what is taken).
MISSING = re.compile(
    "no such (container|object|image)|network.* not found|no container with name|image not known"
)
TAKEN = re.compile("already in use|already exists")
SOCKET = "/var/run/docker.sock"
ADDRESS = "127.0.0.1"
GREETING_S = 5.0  # nobody is let in before the bridge is known
LOOK_S = 20.0
HUNG = kept([])


@once
def engine():
    """Path of the engine's command; None where there is none.

    Docker's says nothing without its service, and whether that runs is seen by its socket.
    """
    found = [path for name in NAMES if (path := shutil.which(name))]
    idle = not os.path.exists(SOCKET) and not os.environ.get("DOCKER_HOST")
    return found[1 if idle and len(found) > 1 else 0] if found else None


def required():
    """The engine, or what to do about it."""
    found = engine()
    if found is None:
        raise Problem(
            "InvalidRequest",
            "no container engine answers on this machine",
            "apt-get install docker.io, and see that its service runs",
        )
    return found


def ask(*words, environment=None):
    """What the engine says to a command; Problem with what it complains about."""
    ran = _ran([required(), *words], environment)
    if ran.returncode == 0:
        return ran.stdout
    raise _complaint(ran)


def _complaint(ran):
    """What it said, as a Problem."""
    said = ran.stderr.strip()[-1000:] or f"exit code {ran.returncode}"
    code = "GeneralServiceException"
    if MISSING.search(said.lower()):
        code = "NotFound"
    elif TAKEN.search(said.lower()):
        code = "AlreadyExists"
    return Problem(code, said)


def containers(names):
    """All the engine says of those that are there, by name."""
    return {found["Name"].lstrip("/"): found for found in _inspected("container", names)}


def image(reference):
    """All the engine says of an image, None where it has none of that name."""
    return next(iter(_inspected("image", [reference])), None)


def images():
    """All it says of every image."""
    return _inspected("image", sorted(ids()))


@once
def ids():
    """Ids of all images, as they were when first asked for."""
    ran = _looked("images", "--no-trunc", "--quiet")
    if ran.returncode:
        raise _complaint(ran)
    return frozenset(ran.stdout.split())


def _inspected(kind, names):
    """Those that are there; an engine that does not answer is a Problem, not their absence."""
    if not names:
        return []
    ran = _looked("inspect", "--type", kind, *names)
    # Those that are not there are complained of, and the others still listed.
    if ran.returncode and _complaint(ran).answer["error"] != "NotFound":
        raise _complaint(ran)
    return loads(ran.stdout or "[]")


def bridge():
    """Where containers reach this machine: the default bridge's address; "" without an engine.

    Podman makes its bridge with the first container: until then it is the loopback.
    """
    path = engine()
    if path is None:
        return ""
    name = "podman" if path.endswith("podman") else "bridge"
    with_docker = "{{range .IPAM.Config}}{{.Gateway}} {{.Subnet}} {{end}}"
    with_podman = "{{range .Subnets}}{{.Gateway}} {{.Subnet}} {{end}}"
    template = with_podman if name == "podman" else with_docker
    try:
        ran = _ran([path, "network", "inspect", name, "--format", template], timeout_s=GREETING_S)
        if ran.returncode and _ran([path, "info"], timeout_s=GREETING_S).returncode:
            return ""
    except Problem:
        return ""
    words = ran.stdout.split()
    found = next((word for word in words if word[0].isdigit() and ":" not in word), ADDRESS)
    if "/" not in found:
        return found
    # An engine that has just made its bridge names only the subnet, and takes its first address.
    first, _, last = found.partition("/")[0].rpartition(".")
    return f"{first}.{int(last) + 1}"


def _looked(*words):
    """A question to the engine; if it hangs once, nobody waits for it again in this errand."""
    if HUNG:
        raise HUNG[0]
    try:
        return _ran([required(), *words], timeout_s=LOOK_S)
    except Problem as problem:
        HUNG.append(problem)
        raise


def _ran(argv, environment=None, timeout_s=None):
    try:
        return subprocess.run(  # noqa: S603  (the engine's command, and words of our own)
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, **(environment or {})},
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"the container engine did not answer within {timeout_s:g} s"
        raise Problem("GeneralServiceException", message, "look how its service is") from None
