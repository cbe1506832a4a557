"""What OpenSSH and the machine say becomes what it means, with a remedy that helps."""

from __future__ import annotations

import pytest

from moot.shells.ssh_refusals import refusal

CHANGED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Host key for {} has changed and you have requested strict checking.
Host key verification failed.
"""
OFFENDING = """Add correct host key in /k s/known to get rid of this message.
Offending ED25519 key in /k s/known:3
"""
UNKNOWN = """No ED25519 host key is known for web and you have requested strict checking.
Host key verification failed.
"""
DENIED = "ops@web: Permission denied (publickey).\n"
GONE = "Warning: Identity file /k not accessible: No such file or directory.\n"
REFUSED = "ssh: connect to host web port 22: Connection refused\n"
CASES = [  # exit code, what is said, what it means, what helps
    (255, CHANGED.format("web"), "host key has changed", "`ssh-keygen -R web` "),
    (255, CHANGED.format("[web]:2222"), "host key has changed", "`ssh-keygen -R '[web]:2222'`"),
    (255, OFFENDING + CHANGED.format("web"), "host key", "`ssh-keygen -R web -f '/k s/known'` "),
    (255, UNKNOWN, "not one we may trust", "accept-new"),
    (255, "Can't open user config file /c: No such file\n", "cannot be read", "`ssh_config`"),
    (255, DENIED, "does not let us in", "`user`"),
    (255, GONE + DENIED, "there is no such key here", "correct `identity_file`"),
    (255, "no such identity: /k: No such file\n" + DENIED, "no such key", "`IdentityFile`"),
    (255, GONE + REFUSED, "nothing listens there", "port"),
    (255, "ssh: connect to host web port 22: No route to host\n", "no way", "switch it on"),
    (255, "Connection closed by 192.0.2.1 port 22\n", "ended the connection", "sshd's log"),
    (255, "something else: not found\n", "something else: not found", "try `ssh web`"),
    (127, "bash: line 1: exec: python3: not found\n", "no Python 3", "apt-get install python3"),
    (1, "sudo: python9: command not found\n", "no Python 3", "`python`"),
    (127, "bash: line 1: /opt/py: No such file or directory\n", "no Python 3", "`python`"),
    (126, "bash: line 1: /opt/py: Permission denied\n", "may not be run", "`python`"),
    (127, "bash: line 1: exec: sudo: not found\n", "there is no sudo", "as root"),
    (1, "sudo: a password is required\n", "may not use sudo", "NOPASSWD"),
    (1, "No module named 'select'\n", "lacks a part", "install all of it"),
    (1, "connect to 192.0.2.1: Connection refused\n", "Connection refused", "try `ssh web`"),
]


@pytest.mark.parametrize(("exit_code", "said", "meaning", "remedy"), CASES)
def test_what_is_said_is_understood(exit_code: int, said: str, meaning: str, remedy: str) -> None:
    error = refusal("web", exit_code, said)
    assert meaning in str(error)
    assert remedy in error.remedy


def test_whose_key_is_pinned_is_not_told_to_believe_another() -> None:
    error = refusal("web", 255, UNKNOWN, pinned=True)
    assert "shows another host key than the pinned one" in str(error)
    assert "accept-new" not in error.remedy


def test_a_jump_with_an_unknown_key_is_not_the_machine_with_the_pinned_one() -> None:
    said = UNKNOWN + "Connection closed by UNKNOWN port 65535\n"
    assert "not one we may trust" in str(refusal("web", 255, said, pinned=True))
