"""Our scripts in one file, as text or compiled, and the program that supervisors start from there.

Forty small files take a machine longer to make, and then to compile, than most errands take.
"""

import marshal
import os
import sys

CODE, TEXTS = sys.implementation.cache_tag, "texts"
STABLE = 2  # the version of marshal that every Python reads
Spec = type(sys.__spec__)  # that of every module, without an import


class Carried:
    """Finds modules by file name, as the import system asks for them; keeps what it compiles."""

    def __init__(self, modules):
        self.modules = modules

    def find_spec(self, name, path=None, target=None):
        file = name.replace(".", "/")
        package = file + "/__init__.py" in self.modules
        if not package and file + ".py" not in self.modules:
            return None
        return Spec(name, self, origin=file, is_package=package)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        place = module.__spec__.origin
        package = place + "/__init__.py"
        file = package if package in self.modules else place + ".py"
        self.modules[file] = compiled(self.modules[file], file)
        exec(marshal.loads(self.modules[file]), module.__dict__)  # noqa: S102, S302  (our own)


def compiled(module, file):
    """A module, be it text or compiled already, as this Python loads it."""
    return marshal.dumps(compile(module, file, "exec")) if isinstance(module, str) else module


def kept(folder):
    """What an earlier change left there; where another Python compiled it, the texts."""
    try:
        with open(f"{folder}/{CODE}", "rb") as file:
            return marshal.load(file)  # noqa: S302  (our own)
    except (OSError, EOFError, ValueError, TypeError):
        with open(f"{folder}/{TEXTS}", "rb") as file:
            return marshal.load(file)  # noqa: S302  (our own)


def kept_texts(folder):
    """What gives the texts that were left there, even when they have been removed by then."""
    opened = os.open(f"{folder}/{TEXTS}", os.O_RDONLY | os.O_CLOEXEC)
    size = os.fstat(opened).st_size
    return lambda: marshal.loads(os.pread(opened, size, 0))  # noqa: S302  (our own)


def standing_texts(folder):
    """The texts where we are installed."""
    texts = {}
    for name in sorted(os.listdir(f"{folder}/onhost")):
        if name.endswith(".py"):
            with open(f"{folder}/onhost/{name}", encoding="utf-8") as file:
                texts[f"onhost/{name}"] = file.read()
    return texts


def main(task, *arguments):
    sys.meta_path.append(Carried(kept(os.path.dirname(os.path.abspath(__file__)))))
    if task == "supervise":
        from onhost.supervisor import main as begin  # pyright: ignore[reportMissingImports]
    else:
        from onhost.runs import enter as begin  # pyright: ignore[reportMissingImports]
    begin(list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
