"""Why a machine could not be reached over SSH: what OpenSSH says, and what the user can do."""

from __future__ import annotations

import re

from moot.shell import ShellError

_TRUST = (
    "find out which key it has, then connect once with `ssh {host}`, or set `host_key: SHA256:...` "
    "of this venue to its fingerprint; `host_keys: accept-new` takes what comes first"
)
REFUSALS = (  # what is said, what it means, what helps; the first that fits
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key has changed: this is another machine, or somebody is in between",
        "if the machine was installed anew, `ssh-keygen -R {host}` forgets the old key",
    ),
    ("Host key verification failed", "its host key is not one we may trust", _TRUST),
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
        "Connection (closed|reset)|kex_exchange_identification|Broken pipe|lost connection",
        "it ended the connection",
        "look at its sshd's log; it may be full (MaxStartups, MaxSessions) or about to restart",
    ),
)


def refusal(host: str, exit_code: int, stderr: str) -> ShellError:
    """What was said on stderr, as an error with a remedy."""
    said = last_words(stderr)
    for pattern, meaning, remedy in REFUSALS:
        if re.search(pattern, stderr):
            text = f"{host}: {meaning}" + (f" ({said})" if said else "")
            return ShellError(text, remedy.format(host=host))
    what = said or f"the connection ended with exit code {exit_code}"
    return ShellError(f"{host}: {what}", f"try `ssh {host}`")


def last_words(stderr: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip(" \r@")]
    return lines[-1][:300] if lines else ""
