"""Why a machine could not be reached over SSH: what OpenSSH says, and what the user can do."""

from __future__ import annotations

import re
import shlex

from moot.shell import ShellError

UNREACHED = 255  # what ssh exits with where it, and not what it was to run, failed
_KNOWN = re.compile(r"Host key for (\S+) has changed")
_OFFENDING = re.compile(r"Offending \S+ key in (.+):\d+")
_TRUST = (
    "find out which key it has, then connect once with `ssh {host}`, or set `host_key: SHA256:...` "
    "of this venue to its fingerprint; `host_keys: accept-new` takes what comes first"
)
Row = tuple[str, str, str]  # what is said, what it means, what helps; the first that fits counts
OTHER_KEY: Row = (
    r"Host key verification failed\.\s*\Z",  # and nothing after it, as where it is a jump's
    "it shows another host key than the pinned one: this is another machine, somebody is in"
    " between, or `host_key` is wrong",
    "find out which key it has; if it is the right machine, correct `host_key` of this venue",
)
WAY: tuple[Row, ...] = (  # of ssh itself
    (
        "Can't open user config file",
        "its ssh_config cannot be read",
        "correct `ssh_config` of this venue",
    ),
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key has changed: this is another machine, or somebody is in between",
        "if the machine was installed anew, `ssh-keygen -R {known}` forgets the old key",
    ),
    ("Host key verification failed", "its host key is not one we may trust", _TRUST),
    (
        "(?s)(no such identity|Identity file .* not accessible).*Permission denied",
        "it does not let us in, and there is no such key here",
        "correct `identity_file` of this venue, or `IdentityFile` in your ssh_config",
    ),
    (
        "Permission denied",
        "it does not let us in",
        "set `user` and `identity_file` of this venue, or load the key with `ssh-add`",
    ),
    (
        "Too many authentication failures",
        "it does not let us in: too many keys were tried",
        "set `identity_file` of this venue",
    ),
    (
        "Connection refused",
        "nothing listens there",
        "start sshd on it, or correct `port` of this venue",
    ),
    (
        "Could not resolve hostname",
        "there is no such name",
        "correct the host, or give it an address in your ssh_config",
    ),
    (
        "No route to host|Network is unreachable",
        "there is no way to its network",
        "switch it on, or correct its address",
    ),
    (
        "timed out|Timeout, server .* not responding",
        "it does not answer in time",
        "look whether it runs and is not overloaded; `connect_timeout_s` gives it longer",
    ),
    (
        "Bad owner or permissions|Bad configuration option|no argument after keyword",
        "the ssh configuration is wrong",
        "correct what is said",
    ),
    (
        "Connection (closed|reset)|kex_exchange_identification|Broken pipe|lost connection",
        "it ended the connection",
        "look at its sshd's log; it may be full (MaxStartups, MaxSessions) or about to restart",
    ),
)
THERE: tuple[Row, ...] = (  # of what it was to run
    (
        "a password is required|a terminal is required|is not in the sudoers|may not run sudo",
        "its user may not use sudo without a password",
        "allow it: `USER ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d, or connect as root",
    ),
    ("sudo: (command )?not found", "there is no sudo", "install it, or connect as root"),
    (
        r"python3?[\d.]*['\"]?: (command )?not found|No such file or directory|not found",
        "there is no Python 3",
        "install it (apt-get install python3), or set `python` of this venue to where it is",
    ),
    (
        "No module named",
        "its Python lacks a part of the standard library",
        "install all of it (apt-get install python3)",
    ),
    (
        "moot needs Python",
        "its Python is too old",
        "install a newer one, and set `python` of this venue to it",
    ),
    (
        "Permission denied",
        "its Python may not be run",
        "correct `python` of this venue, or let its user run that",
    ),
)


def refusal(host: str, exit_code: int, stderr: str, *, pinned: bool = False) -> ShellError:
    """What was said on stderr, as an error with a remedy."""
    said = last_words(stderr)
    own = (OTHER_KEY, *WAY) if pinned else WAY
    for pattern, meaning, remedy in own if exit_code == UNREACHED else THERE:
        if re.search(pattern, stderr):
            text = f"{host}: {meaning}" + (f" ({said})" if said else "")
            return ShellError(text, remedy.format(host=host, known=_known(host, stderr)))
    what = said or f"the connection ended with exit code {exit_code}"
    return ShellError(f"{host}: {what}", f"try `ssh {host}`")


def _known(host: str, stderr: str) -> str:
    """What known_hosts calls it, with its port or by another name; and which file that is."""
    name, file = _KNOWN.search(stderr), _OFFENDING.search(stderr)
    words = [name[1] if name else host, *(("-f", file[1]) if file else ())]
    return shlex.join(words)


def last_words(stderr: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip(" \r@")]
    return lines[-1][:300] if lines else ""
