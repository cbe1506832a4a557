"""The first thing a courier runs: takes our scripts from its input and begins to serve.

What is only looked at keeps nothing: modules come from where an earlier change left them, else from
memory.
"""

import json
import os
import struct
import sys
import zlib

if sys.version_info < (3, 9):  # noqa: UP036  (it is not the Python that moot itself runs on)
    sys.exit("moot needs Python 3.9 or newer there, and this is " + sys.version.split()[0])


def received():
    """The bundle: {"digest", "texts", "folder", "data", "key", "patience_s"}."""
    size = struct.unpack(">I", exactly(4))[0]
    return json.loads(zlib.decompress(exactly(size)))


def exactly(size):
    data = b""
    while len(data) < size:
        more = os.read(0, size - len(data))
        if not more:
            sys.exit("whoever asked has gone")
        data += more
    return data


def finder(texts, folder):
    """Finds our modules; they are compiled already where an earlier change has left them."""
    carried = type(sys)("carried")
    exec(texts["onhost/carried.py"], carried.__dict__)  # noqa: S102  (our own text)
    try:
        return carried.Carried(carried.kept(folder))
    except (OSError, ValueError):
        return carried.Carried(dict(texts))


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
    bundle = received()
    bundle["root"], bundle["data"] = places(bundle["data"], bundle["key"])
    if bundle["folder"]:
        sys.path.append(bundle["folder"])
    else:
        found = finder(bundle["texts"], bundle["data"] + "/lib/" + bundle["digest"])
        bundle["modules"] = found.modules
        sys.meta_path.append(found)
    from onhost.serve import serve  # pyright: ignore[reportMissingImports] - found as said above

    serve(bundle, sys.argv[1:])


begin()
