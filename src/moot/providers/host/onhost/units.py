"""Supervisors as units of systemd: apart from any login, and back when the machine is."""

from __future__ import annotations

import os

from .files import Problem, write
from .lean import sha256, suppress

FOLDER = "/etc/systemd/system"
WANTS = f"{FOLDER}/multi-user.target.wants"
RUNNING = "/run/systemd/system"  # there while systemd is process 1, as sd_booted(3) says
START_S = 60
MARGIN_S = 10  # for the supervisor to kill what ignores its signal, before systemd would

UNIT = """[Unit]
Description={replica} (moot)
Wants=network-online.target
After=network-online.target
RequiresMountsFor={folder}
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={program}
KillMode=mixed
Restart={restart}
RestartSec=1
TimeoutStartSec={start_s}
TimeoutStopSec={stop_s}
OOMPolicy=continue
"""


def available():
    """Whether our supervisors can be units here."""
    return os.getuid() == 0 and os.path.isdir(RUNNING)


def install(folder, spec):
    """Write the unit of a run folder, and have it started with the machine unless it is one-shot.

    As with Docker, `restart: no` means that not even a reboot starts it again.
    """
    name, again = _name(folder), spec["restart"]["condition"] != "no"
    program = [*spec["program"], "supervise", folder]
    text = UNIT.format(
        replica=spec["replica"],
        folder=_quoted(folder),
        program=" ".join(_quoted(word).replace("$", "$$") for word in program),
        restart="on-failure" if again else "no",
        start_s=START_S,
        stop_s=int(spec["stop_grace_s"]) + MARGIN_S,
    )
    before = _read(f"{FOLDER}/{name}")
    if before != text:
        write(f"{FOLDER}/{name}", text, 0o644)
    if before not in (None, text):
        _systemctl("daemon-reload")
    with suppress(FileExistsError, FileNotFoundError):
        if again:
            os.makedirs(WANTS, exist_ok=True)
            os.symlink(f"{FOLDER}/{name}", f"{WANTS}/{name}")
        else:
            os.unlink(f"{WANTS}/{name}")


def start(folder):
    """Start the unit; returns when the supervisor has started the command."""
    _systemctl("start", _name(folder))


def stop(folder):
    """Have the unit end, and not begin again; does not wait for it."""
    if is_unit(folder):
        _systemctl("stop", "--no-block", _name(folder))


def remove(folder):
    """Take the unit of a run folder away, if it has one."""
    if not is_unit(folder):
        return
    name = _name(folder)
    stop(folder)
    known = os.stat(f"{FOLDER}/{name}").st_mtime < os.stat(RUNNING).st_mtime
    with suppress(FileNotFoundError):
        os.unlink(f"{WANTS}/{name}")
    os.unlink(f"{FOLDER}/{name}")
    _systemctl("reset-failed", name, check=False)  # only of one that has failed is there a trace
    if known:  # since the machine came up, it has been one of the units to be started then
        _systemctl("daemon-reload")


def is_unit(folder):
    """Whether the supervisor of a run folder is a unit."""
    return os.path.exists(f"{FOLDER}/{_name(folder)}")


def _name(folder):
    return f"moot-{sha256(folder.encode()).hexdigest()[:16]}.service"


def _systemctl(*words, check=True):
    import subprocess  # dear to import, and most supervisors' machines have no systemd

    ran = subprocess.run(  # noqa: S603  (words of our own)
        ["systemctl", "--no-ask-password", *words],  # noqa: S607  (where PATH has it)
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if check and ran.returncode:
        said = ran.stderr.strip() or f"exit code {ran.returncode}"
        raise Problem("GeneralServiceException", f"systemctl {words[0]}: {said}")


def _quoted(word):
    """A word as it stands in a unit file."""
    for character, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")):
        word = word.replace(character, written)
    return f'"{word}"'


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None
