"""A command that somebody runs here once: what it writes is passed on as it comes."""

from __future__ import annotations

import os
import select
import subprocess


def command(argv, environment, say):
    """Run it to its end; its exit code, as a shell would count it."""
    surroundings = {**os.environ, **environment}
    try:
        child = subprocess.Popen(  # noqa: S603  (the user's own command)
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=surroundings,
            cwd=os.path.expanduser("~"),
        )
    except OSError as problem:
        say({"stream": "stderr", "text": f"{argv[0]}: {problem.strerror}\n"})
        return 126 if isinstance(problem, PermissionError) else 127
    assert child.stdout and child.stderr
    names = {child.stdout.fileno(): "stdout", child.stderr.fileno(): "stderr"}
    poll = select.poll()
    for fd in names:
        poll.register(fd, select.POLLIN)
    while names:
        for fd, _ in poll.poll():
            data = os.read(fd, 65536)
            if data:
                say({"stream": names[fd], "text": data.decode("utf-8", "surrogateescape")})
            else:
                poll.unregister(fd)
                del names[fd]
    code = child.wait()
    return code if code >= 0 else 128 - code
