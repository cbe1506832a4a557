"""Folders that carry our marks, JSON files written whole or not at all, and volumes."""

from __future__ import annotations

import fcntl
import os

from .bundle import script, unpack
from .lean import contextmanager, dumps, loads, suppress

IDENTITY = ("installation", "uid", "incarnation", "type")
MEND = "bring that file back, or remove its folder with what it stands for"


class Problem(Exception):
    """Ends an errand: a provider's error code, what is wrong, and what the user can do."""

    def __init__(self, code, message, remedy=""):
        super().__init__(message)
        self.answer = {"error": code, "message": message, "remedy": remedy}


def load(path):
    """A JSON file; empty where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return loads(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as problem:
        raise Problem("GeneralServiceException", f"{path} is damaged: {problem}", MEND) from None


def write(path, text, mode=0o600, durable=False):
    """Replace a file atomically; it never has a wider mode than asked for.

    `durable`: a power cut leaves all of it or what was there before, and costs a disk's wait.
    """
    new = f"{path}.{os.getpid()}.new"
    with suppress(FileNotFoundError):
        os.unlink(new)
    fd = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    try:
        with open(fd, "wb") as file:
            os.fchmod(fd, mode)
            file.write(text if isinstance(text, bytes) else text.encode())
            if durable:
                file.flush()
                os.fsync(fd)
        os.rename(new, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(new)  # a part of it is of no use, and takes room where there is none
        raise


def remove(folder, ignore_errors=False):
    """Remove a folder with all that is in it."""
    import shutil  # an eighth of a short errand's time, and most remove nothing

    shutil.rmtree(folder, ignore_errors)


def adopt_or_make(folder, marks, mode):
    """The folder with these marks in it; somebody else's is never touched."""
    try:
        _make(folder)
        os.chmod(folder, mode)
    except FileExistsError:
        occupied = _occupied(folder)  # asked first: another errand may be at it right now
        found = load(f"{folder}/marks.json")
        # A folder without marks is one of ours whose making was cut short, if it is empty.
        if not same(found, marks) and (found or occupied):
            raise _anothers(folder, found, marks) from None
    if not os.path.exists(f"{folder}/marks.json"):
        try:
            write(f"{folder}/marks.json", dumps(marks), durable=True)
        except OSError:
            with suppress(OSError):
                os.rmdir(folder)
            raise


def same(found, marks):
    """Whether both are the marks of one thing; generation and memo may differ meanwhile."""
    return all(found.get(f"moot.{key}") == marks.get(f"moot.{key}") for key in IDENTITY)


def _anothers(folder, found, marks):
    """What is in the way, and what to do about it: it may be what we lost sight of."""
    remedy = "choose another app name with -p, or remove that"
    if not found or found.get("moot.installation") != marks["moot.installation"]:
        return Problem("AlreadyExists", f"{folder} is there and is not ours", remedy)
    message = f"{folder} is {found.get('moot.address')} already, which we lost sight of"
    remedy = "`moot sweep` lists it, and may end it; `moot adopt` takes on what it lists"
    return Problem("AlreadyExists", message, remedy)


def _make(folder):
    while True:
        with suppress(FileNotFoundError):  # another errand tidied the parents away
            os.makedirs(os.path.dirname(folder), mode=0o711, exist_ok=True)
            return os.mkdir(folder)


def _occupied(folder):
    return any(not name.endswith(".new") and name != "marks.json" for name in os.listdir(folder))


@contextmanager
def alone(folder):
    """Only one errand at a time is in here for a folder."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


@contextmanager
def staying(data):
    """Keep what this venue has, our scripts too, from being tidied away meanwhile."""
    held = _held(data)
    try:
        yield
    finally:
        os.close(held)


def _held(data):
    while True:
        with suppress(FileNotFoundError):  # the last thing here left just now
            unpack(data)
            fd = os.open(data, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(fd, fcntl.LOCK_SH)
            if os.path.exists(script(data)):
                return fd
            os.close(fd)


def make_volume(folder, marks, data):
    """A folder that outlives replicas, its marks beside the data."""
    with staying(data):
        adopt_or_make(folder, marks, 0o711)
        os.makedirs(f"{folder}/data", exist_ok=True)


def sight(folder):
    """A volume is its folder; there is no more to it."""
    return {"path": f"{folder}/data"}


def remove_volume(folder, marks, data, root):
    """Delete a volume and all that is in it."""
    if same(load(f"{folder}/marks.json"), marks):
        remove(folder)
    tidy(os.path.dirname(folder), data, root)


def tidy(folder, data, root):
    """Remove what is empty now, from `folder` up to `root`, and our scripts with the last of it."""
    with suppress(OSError):
        while folder != data:
            os.rmdir(folder)
            folder = os.path.dirname(folder)
    with suppress(OSError):
        with alone(data):
            if not set(os.listdir(data)) <= {"lib", "lib.gone"}:
                return
            remove(f"{data}/lib.gone", ignore_errors=True)
            with suppress(FileNotFoundError):
                os.rename(f"{data}/lib", f"{data}/lib.gone")  # at once, or not at all
            remove(data, ignore_errors=True)
        while (data := os.path.dirname(data)) != root:
            os.rmdir(data)
