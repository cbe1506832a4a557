"""The first thing a courier runs: finds our scripts or asks for them, and begins to serve.

What is only looked at keeps nothing: modules come from where an earlier change left them, else from
memory.
"""

import marshal
import os
import sys
import zlib

if sys.version_info < (3, 9):  # noqa: UP036  (it is not the Python that moot itself runs on)
    sys.exit("moot needs Python 3.9 or newer there, and this is " + sys.version.split()[0])


def received():
    """What was sent, unpacked; empty where it has nothing for us."""
    size = int.from_bytes(exactly(4), "big")
    return zlib.decompress(exactly(size)) if size else b""


def exactly(size):
    data = b""
    while len(data) < size:
        more = os.read(0, size - len(data))
        if not more:
            sys.exit("whoever asked has gone")
        data += more
    return data


def say(data):
    while data:
        data = data[os.write(1, data) :]


def scripts(carried, folder):
    """(our modules, what gives their texts): kept here, or sent when we say for which Python."""
    try:
        return carried.kept(folder), carried.kept_texts(folder)
    except (OSError, EOFError, ValueError, TypeError):
        from _frozen_importlib_external import MAGIC_NUMBER  # pyright: ignore - since Python 3.3

        lacks = b'{"lacks": "%s"}' % MAGIC_NUMBER.hex().encode()
        say(len(lacks).to_bytes(4, "big") + lacks)
        texts, code = marshal.loads(received()), received()  # noqa: S302  (sent by us, as is code)
        # Compiled for this very Python, by whoever may run anything here: us.
        return marshal.loads(code) if code else dict(texts), lambda: texts  # noqa: S302


def places(data, key):
    """(the folder that always stays, ours below it).

    Root runs replicas as other users too, who must reach their files: below /root they could not.
    """
    if data:
        data = os.path.abspath(os.path.expanduser(data))
        return os.path.dirname(data), data
    if os.getuid() == 0:
        return "/var/lib", "/var/lib/moot/" + key
    home = os.path.expanduser("~")
    return home, home + "/.local/share/moot/" + key


def begin():
    given = marshal.loads(received())  # noqa: S302  (who sent it may run anything here)
    say(given["greeting"].encode())
    given["root"], given["data"] = places(given["data"], given["key"])
    carried = type(sys)("carried")
    exec(given["carried"], carried.__dict__)  # noqa: S102  (our own text)
    if given["folder"]:
        sys.path.append(given["folder"])
        given["texts"] = lambda: carried.standing_texts(given["folder"])
    else:
        folder = given["data"] + "/lib/" + given["digest"]
        given["modules"], given["texts"] = scripts(carried, folder)
        sys.meta_path.append(carried.Carried(given["modules"]))
    from onhost.serve import serve  # pyright: ignore[reportMissingImports] - found as said above

    serve(given, sys.argv[1:])


begin()
