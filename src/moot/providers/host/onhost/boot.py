"""The first thing a courier runs: takes our scripts from its input and begins to serve.

What is only looked at keeps nothing: modules come from the folder where an earlier change left
them, else from memory.
"""

import json
import os
import struct
import sys
import zlib
from importlib.machinery import ModuleSpec

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


class Carried:
    """Finds modules in texts by file name, as the import system asks for them."""

    def __init__(self, texts):
        self.texts = texts

    def find_spec(self, name, path=None, target=None):
        file = name.replace(".", "/")
        package = file + "/__init__.py" in self.texts
        if not package and file + ".py" not in self.texts:
            return None
        # A loader by what it can do: the base class would cost an import.
        return ModuleSpec(name, self, origin=file, is_package=package)  # pyright: ignore

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        place = module.__spec__.origin
        file = place + ("/__init__.py" if place + "/__init__.py" in self.texts else ".py")
        exec(compile(self.texts[file], file, "exec"), module.__dict__)  # noqa: S102  (our own text)


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
    folder = bundle["folder"] or bundle["data"] + "/lib/" + bundle["digest"]
    if os.path.exists(folder + "/onhost"):
        sys.path.append(folder)
    else:
        sys.meta_path.append(Carried(bundle["texts"]))
    from onhost.serve import serve  # pyright: ignore[reportMissingImports] - found as said above

    serve(bundle, sys.argv[1:])


begin()
