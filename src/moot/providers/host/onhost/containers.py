"""Containers of this machine: a record folder each, and what the engine makes of it."""

from __future__ import annotations

import glob
import os
import select
import shutil
import subprocess
import time

from . import secretfiles
from .engines import ask, containers, engine, required
from .files import Problem, adopt_or_make, alone, load, same, staying, tidy, write
from .lean import dumps, once, sha256, suppress
from .ports import release, reserve

TYPE = "host.container"
LABELS = ("moot.installation", "moot.uid", "moot.incarnation")
SEEN = ("Id", "Name", "State", "RestartCount", "HostConfig", "Image")
LOG_TAIL = 5
MOST = 1 << 20
BEING_REMOVED = "already in progress"  # as Docker words it; an earlier try of ours asked for it


def run_container(folder, marks, spec, words, files, reservations, data, root):
    """Make a record folder and start its container; what an earlier try left is gone on with.

    `words` are the options and `spec["image"]` and the command what follows `create`.
    """
    required()  # without it the record could never be taken back
    with staying(data):
        adopt_or_make(folder, marks, 0o700)
        try:
            with alone(folder):
                _begin(folder, marks, spec, words, files, reservations)
            return
        except BaseException as problem:
            failure = problem
            with suppress(Problem):  # the record stays, and so what it is about is seen
                _undone(folder, marks, reservations)
    tidy(os.path.dirname(folder), data, root)
    raise failure


def end_container(folder, marks, late, patience_s, reservations, data, root):
    """Stop a container and remove it; True when all is gone, the folder included.

    It is asked by its own signal and has its grace period; `late`: it has had that.
    """
    if not same(load(f"{folder}/marks.json"), marks):
        return True  # ours is gone; what has taken its place is another's
    name = container_name(folder)
    found = _own(name, marks)
    up = found is not None and found["State"]["Status"] in {"running", "restarting", "paused"}
    if up and not late and not _stopped(folder, name, patience_s):
        return False
    if not _undone(folder, marks, reservations):
        return False
    tidy(os.path.dirname(folder), data, root)
    return True


def amend_container(folder, words, changes):
    """Change what the engine can change while it runs."""
    if words:
        ask("update", *words, container_name(folder))
    spec = load(f"{folder}/spec.json")
    write(f"{folder}/spec.json", dumps({**spec, **changes}))


def sight(folder):
    """What was asked and how the engine says it is; without its environment."""
    found = _all(os.path.dirname(os.path.dirname(os.path.dirname(folder))))
    seen = found.get(container_name(folder))
    shown = seen and {key: seen.get(key) for key in SEEN}
    failed = bool(seen) and seen["State"]["Status"] not in {"running", "paused", "created"}
    tail = secretfiles.redacted(folder, _last_words(container_name(folder)) if failed else [])
    return {"spec": load(f"{folder}/spec.json"), "container": shown, "tail": tail}


def become(folder, wanted, argv):
    """Become a command in the container; what it is told besides is not among the words."""
    flags = ["--interactive", *(["--tty"] if os.isatty(0) else [])]
    for key, word in (("user", "--user"), ("working_dir", "--workdir")):
        flags += [word, wanted[key]] if wanted.get(key) else []
    flags += [word for key in wanted["environment"] for word in ("--env", key)]
    words = [required(), "exec", *flags, container_name(folder), *argv]
    os.execve(words[0], words, {**os.environ, **wanted["environment"]})


def written(folder, offset):
    """What it wrote from `offset` on, which counts nanoseconds since the epoch; not much over MOST.

    As `EPOCH STREAM TEXT`; `offset` is where to go on, at once where there is `more`.
    """
    there = bool(load(f"{folder}/marks.json"))
    entries, cut = [], False
    if there and engine():
        since = f"{offset // 10**9}.{offset % 10**9:09d}"
        argv = [required(), "logs", "--timestamps", "--since", since, container_name(folder)]
        outputs, cut = _bounded(argv)
        for stream, output in outputs.items():
            whole = output[: output.rfind(b"\n") + 1] if cut else output
            lines = whole.decode("utf-8", "replace").splitlines()
            entries += [entry for line in lines if (entry := _entry(stream, line))]
    entries = sorted(entry for entry in entries if entry[0] >= offset)
    texts = [f"{at / 10**9:.6f} {stream} {text}\n" for at, stream, text in entries]
    last = entries[-1][0] + 1 if entries else offset
    return {"text": "".join(texts), "offset": last, "there": there, "more": cut and bool(entries)}


def container_name(folder):
    """`shop-web-0` and what tells one machine's record folders apart."""
    app, name = folder.split("/")[-2:]
    _, component, index, _ = name.split(".") if name.count(".") == 3 else ("", name, "0", "")
    digest = sha256(folder.encode()).hexdigest()[:8]
    return f"{app}-{component}-{index}-{digest}"


def _begin(folder, marks, spec, words, files, reservations):
    name = container_name(folder)
    try:
        _make(folder, name, marks, spec, words, files, reservations)
    except Problem as problem:
        if problem.answer["error"] != "AlreadyExists":
            raise
        found = _own(name, marks)
        if found is None:
            message = f"the container {name} is there and is not ours"
            raise Problem("AlreadyExists", message) from None
        if found["State"]["Status"] != "created":
            return
    else:
        if len(spec["networks"]) < 2:
            return  # it was started at once
    for network, aliases in list(spec["networks"].items())[1:]:
        with suppress(Problem):  # it was joined by an earlier try
            flags = [word for alias in aliases for word in ("--alias", alias)]
            ask("network", "connect", *flags, network, name)
    ask("start", name)


def _make(folder, name, marks, spec, words, files, reservations):
    """Everything that must be there first, then the container, started at once if it can be."""
    placed = [(secretfiles.place(folder, file, None), file) for file in files]
    ports = load(f"{folder}/spec.json").get("ports")  # of an earlier try, which may hold them
    spec["ports"] = ports or {str(t): reserve(folder, reservations) for t in spec["targets"]}
    environment = spec.pop("environment")
    write(f"{folder}/spec.json", dumps(spec), durable=True)
    flags = ["--name", name, *_flags(marks, spec, placed)]
    # A file and the engine's own environment: words of a command can be seen by everybody.
    lines = {key: value for key, value in environment.items() if "\n" not in value}
    others = {key: value for key, value in environment.items() if "\n" in value}
    flags += [word for key in others for word in ("--env", key)]
    path = f"{secretfiles.prepare(folder, None)}/env"  # there may be secrets among them
    write(path, "".join(f"{key}={value}\n" for key, value in lines.items()))
    flags += ["--env-file", path, "--pull", "never", *words]
    verb = ["run", "--detach"] if len(spec["networks"]) < 2 else ["create"]
    command = [*verb, *flags, spec["image"], *spec["command"]]
    try:
        _with_networks(spec["networks"], command, others)
    finally:
        os.unlink(path)


def _with_networks(networks, command, environment):
    """Do it; the networks are made by whoever is the first to be in them."""
    if len(networks) > 1:
        _make_networks(networks)  # only a start would say that they are missing
    try:
        ask(*command, environment=environment)
    except Problem as problem:
        if problem.answer["error"] != "NotFound":
            raise
        _make_networks(networks)
        with suppress(Problem):  # it was made before its network was looked for
            ask("rm", command[command.index("--name") + 1])
        ask(*command, environment=environment)


def _make_networks(networks):
    for network in networks:
        with suppress(Problem):  # another replica was faster
            ask("network", "create", "--label", f"moot.type={TYPE}", network)


def _flags(marks, spec, placed):
    """What only this machine can say: ports, places of files; and the marks."""
    pairs = [("--label", f"{key}={value}") for key, value in marks.items()]
    for target, port in spec["ports"].items():
        pairs.append(("--publish", f"{spec['address']}:{port}:{target}/tcp"))
    for path, file in placed:
        words = ["type=bind", f"source={path}", f"target={file['target']}", "readonly"]
        pairs.append(("--mount", joined(words)))
    for network, aliases in list(spec["networks"].items())[:1]:
        pairs.append(("--network", network))
        pairs += [("--network-alias", alias) for alias in aliases]
    return [word for pair in pairs for word in pair]


def joined(words):
    """Parts of a mount as one word: they are read as a line of CSV."""
    return ",".join(
        '"' + word.replace('"', '""') + '"' if set(word) & set(',"') else word for word in words
    )


def _undone(folder, marks, reservations):
    """Remove the container, the networks nobody else here is in, and the record.

    False while its removal is under way; a Problem, and the record stays, where the engine does
    not do it.
    """
    name, spec = container_name(folder), load(f"{folder}/spec.json")
    if not _removed(name, marks):
        return False
    secretfiles.discard(folder)
    shutil.rmtree(folder, ignore_errors=True)
    release(folder, reservations)
    for network in spec.get("networks", {}):
        with suppress(Problem):  # refused while others are in it
            ask("network", "rm", network)
    return True


def _removed(name, marks):
    """Remove the container if it is ours; whether there is none of ours any more."""
    if _own(name, marks) is None:
        return True
    try:
        ask("rm", "--force", "--volumes", name)
    except Problem as problem:
        if BEING_REMOVED in problem.answer["message"]:
            return False
        if problem.answer["error"] != "NotFound":
            raise
    return True


def _stopped(folder, name, patience_s):
    """Have it stopped by a program that does not end with us, once; whether that is over."""
    if os.path.exists(f"{folder}/stopping"):
        return False
    write(f"{folder}/stopping", "")
    grace = str(max(1, round(load(f"{folder}/spec.json").get("stop_grace_s", 10))))
    stopping = subprocess.Popen(  # noqa: S603  (as above)
        [required(), "stop", "--time", grace, name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with suppress(subprocess.TimeoutExpired):
        return stopping.wait(patience_s) == 0
    return False


def _own(name, marks):
    """All the engine says of the container of that name if it is ours."""
    found = containers([name]).get(name)
    labels = (found and found["Config"].get("Labels")) or {}
    return found if all(labels.get(key) == marks.get(key) for key in LABELS) else None


@once
def _all(runs):
    """Every container with a record below a `run` folder, in one call; kept for one errand."""
    folders = [os.path.dirname(path) for path in glob.glob(f"{runs}/*/*/*/marks.json")]
    ours = [f for f in folders if load(f"{f}/marks.json").get("moot.type") == TYPE]
    return containers([container_name(folder) for folder in ours])


def _last_words(name):
    with suppress(Problem, OSError):
        argv = [required(), "logs", "--tail", str(LOG_TAIL), name]
        ran = subprocess.run(argv, capture_output=True, check=False)  # noqa: S603  (as above)
        return (ran.stdout + ran.stderr).decode("utf-8", "replace").splitlines()[-LOG_TAIL:]
    return []


def _bounded(argv):
    """What a command writes, by stream, up to about MOST bytes; whether it was cut there."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:  # noqa: S603  (as above)
        assert ran.stdout and ran.stderr
        names = {ran.stdout.fileno(): "stdout", ran.stderr.fileno(): "stderr"}
        outputs = {name: bytearray() for name in names.values()}
        poll, cut = select.poll(), False
        for fd in names:
            poll.register(fd, select.POLLIN)
        while names:
            for fd, _ in poll.poll():
                data = os.read(fd, 1 << 16)
                outputs[names[fd]] += data
                if not data:
                    poll.unregister(fd)
                    del names[fd]
            if not cut and sum(map(len, outputs.values())) > MOST:
                # What it had written in order before it ended is read all the same.
                cut = True
                ran.kill()
    return outputs, cut


def _entry(stream, line):
    """(nanoseconds, stream, text) of a line with an RFC 3339 time before it."""
    stamp, _, text = line.partition(" ")
    try:
        whole, _, fraction = stamp.rstrip("Z").partition(".")
        seconds = int(time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))) - time.timezone
    except ValueError:
        return None  # a second line of what the engine itself says
    return seconds * 10**9 + int((fraction or "0").ljust(9, "0")[:9]), stream, text
