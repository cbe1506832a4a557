"""What errands need of the standard library, without all that its modules import for others.

`json`, `hashlib`, `signal` and `contextlib` double the time in which a Python is there; their parts
in C do not.  Where a Python has no such parts, the modules themselves do.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from contextlib import contextmanager, suppress
    from hashlib import sha256
else:
    try:
        import _signal as signal
    except ImportError:
        import signal  # noqa: F401
    try:
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256  # before Python 3.12
        except ImportError:
            from hashlib import sha256  # noqa: F401

SPACE = " \t\n\r"
KEPT = []


def loads(text):
    """The value that a JSON text stands for; ValueError where it stands for none."""
    text = (text.decode() if isinstance(text, (bytes, bytearray)) else text).strip(SPACE)
    try:
        value, end = _scan(text, 0)
    except (StopIteration, SystemError):  # Pythons 3.10 and 3.11 cannot say what is wrong
        return _whole_loads(text)
    return value if end == len(text) else _whole_loads(text)


def dumps(value, compact=False, sort_keys=False):
    """The JSON text of a value, as `json.dumps` writes it."""
    return "".join(_encoder(compact, sort_keys)(value, 0))


def module(package, name):
    """A module of ours by its name."""
    full = f"{package}.{name}"
    __import__(full)
    return sys.modules[full]


def kept(container):
    """A container whose content is of use for one errand, and stale for the next."""
    KEPT.append(container)
    return container


def once(function):
    """Called once in an errand for the same arguments, and remembered."""
    known = kept({})

    def answer(*arguments):
        if arguments not in known:
            known[arguments] = function(*arguments)
        return known[arguments]

    return answer


def forget():
    """What was kept for an errand that is over."""
    for container in KEPT:
        container.clear()


class Suppressed:
    """Ends a block without a word where one of these exceptions does."""

    def __init__(self, *kinds):
        self.kinds = kinds

    def __enter__(self):
        return None

    def __exit__(self, kind, problem, trace):
        return kind is not None and issubclass(kind, self.kinds)


class Managed:
    """What a generator does up to its one `yield` and after it, for `with`."""

    def __init__(self, steps):
        self.steps = steps

    def __call__(self, *arguments, **named) -> _Block:
        return _Block(self.steps(*arguments, **named))


class _Block:
    def __init__(self, steps):
        self.steps = steps

    def __enter__(self):
        return next(self.steps)

    def __exit__(self, kind, problem, trace):
        if problem is None:
            next(self.steps, None)
            return False
        try:
            self.steps.throw(problem)
        except StopIteration:  # it has dealt with it
            return True
        except BaseException as other:
            if other is problem:
                return False
            raise
        return False


def _refuse(value):
    raise TypeError(f"{type(value).__name__} is no JSON")


def _whole_loads(text):
    """The same by the module, which says what is wrong."""
    import json

    return json.loads(text)


def _bare():
    """(scan, encoder) of the C parts alone."""
    from _json import encode_basestring_ascii, make_encoder, make_scanner

    class Manner:  # as json.JSONDecoder has it
        strict, memo = True, {}
        object_hook = object_pairs_hook = None
        parse_float, parse_int, parse_constant = float, int, float

    def encoder(compact, sort_keys):
        colon, comma = (":", ",") if compact else (": ", ", ")
        quoted = encode_basestring_ascii
        return make_encoder(None, _refuse, quoted, None, colon, comma, sort_keys, False, True)

    scan = make_scanner(Manner)  # pyright: ignore[reportArgumentType]
    sample = '{"a": [1, 2.5, "\\u00e4", null, true]}'
    if "".join(encoder(False, True)(scan(sample, 0)[0], 0)) != sample:
        raise ValueError("another kind of C parts")
    return scan, encoder


def _whole():
    """The same by the module."""
    import json

    def encoder(compact, sort_keys):
        separators = (",", ":") if compact else None
        return lambda value, _: json.dumps(value, sort_keys=sort_keys, separators=separators)

    return lambda text, _: (json.loads(text), len(text)), encoder


try:
    _scan, _encoder = _bare()
except (ImportError, AttributeError, TypeError, ValueError):
    _scan, _encoder = _whole()

if not TYPE_CHECKING:
    contextmanager, suppress = Managed, Suppressed
