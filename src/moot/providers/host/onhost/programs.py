"""Programs of the system, run without anybody to ask, in an environment of their own."""

from __future__ import annotations

import subprocess

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SILENT = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
ENVIRONMENT = {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/root", **SILENT}


def run(*argv):
    """Its exit code; what it writes goes where ours goes."""
    return _ran(argv, stdin=subprocess.DEVNULL).returncode


def said(*argv):
    """What it writes to its standard output."""
    return asked(*argv)[1]


def asked(*argv, text=""):
    """(exit code, standard output, standard error); `text` is its input."""
    ran = _ran(argv, input=text.encode(), capture_output=True)
    outputs = (output.decode("utf-8", "replace").strip() for output in (ran.stdout, ran.stderr))
    return (ran.returncode, *outputs)


def _ran(argv, **how):
    return subprocess.run(argv, env=ENVIRONMENT, check=False, **how)  # noqa: S603  (no shell)


def installed_by_rpm():
    """By name, the version of everything that rpm has installed."""
    lines = said("rpm", "-qa", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}\\n").splitlines()
    return dict(line.split(" ", 1) for line in lines)
