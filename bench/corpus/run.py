"""Compares `moot config` with a reference implementation on the real compose files of list.json.

    python -m bench.corpus.run --clones FOLDER [--reference "docker compose"] [NAME ...]

FOLDER holds clones of the repositories named in list.json, as OWNER+NAME; what is not there is
said and left out.  Packages are fetched by npm or pip into a temporary folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.corpus.compare import differences

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One compose file of list.json, with what must be at hand to read it.

    `copy` are files to be made from others first, as the project's own instructions say;
    `explained` says of a path why the two may differ there.
    """

    name: str
    files: list[str]
    sha256: dict[str, str]
    folder: str = "."
    repository: str | None = None
    commit: str | None = None
    package: str | None = None
    copy: dict[str, str] = field(default_factory=dict[str, str])
    environ: dict[str, str] = field(default_factory=dict[str, str])
    profiles: list[str] = field(default_factory=list[str])
    explained: dict[str, str] = field(default_factory=dict[str, str])


class NotAtHand(Exception):
    """The files of a case cannot be had here; the text says why."""


def main() -> int:
    """Exit code 0 where every difference is explained, else 1."""
    options = _options()
    cases = [Case(**case) for case in json.loads((HERE / "list.json").read_text())]
    asked = [case for case in cases if not options.names or case.name in options.names]
    results = [_tried(case, options) for case in asked]
    for verdict in ("agrees", "explained", "differs", "not at hand"):
        print(f"{results.count(verdict):3} {verdict}")
    return 1 if "differs" in results else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clones", type=Path, help="folder with the clones, as OWNER+NAME")
    parser.add_argument("--reference", type=shlex.split, default=["docker", "compose"])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these cases")
    return parser.parse_args()


def _tried(case: Case, options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as temporary:
        try:
            folder = _provided(case, options.clones, Path(temporary)) / case.folder
        except NotAtHand as why:
            print(f"{case.name}: not at hand: {why}")
            return "not at hand"
        for target, source in case.copy.items():
            (folder / target).write_bytes((folder / source).read_bytes())
        found = list(_compared(case, folder, options.reference))
    unexplained = [line for path, line in found if path not in case.explained]
    verdict = "differs" if unexplained else "explained" if found else "agrees"
    print(f"{case.name}: {verdict}")
    for path, line in found:
        print(
            f"    {line}" + (f"\n        {case.explained[path]}" if path in case.explained else "")
        )
    return verdict


def _compared(case: Case, folder: Path, reference: list[str]) -> Iterator[tuple[str, str]]:
    """(path, line to print) of every difference; a refusal has the path "moot refuses"."""
    words = [w for f in case.files for w in ("-f", f)]
    words += [w for p in case.profiles for w in ("--profile", p)]
    moot = [sys.executable, "-m", "moot"]
    ours = _answer([*moot, *words, "config", "--json"], case, folder)
    theirs = _answer([*reference, *words, "config", "--format", "json"], case, folder)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for path, left, right in differences(ours, theirs):
            yield path, f"{path}: moot {_short(left)}, reference {_short(right)}"
    for who, answer in (("moot", ours), ("reference", theirs)):
        if isinstance(answer, str):
            yield f"{who} refuses", f"{who} refuses: {answer}"


def _answer(command: list[str], case: Case, folder: Path) -> dict[str, Any] | str:
    """The model that a command prints, or what it says instead."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "DOCKER_HOST")}
    environ = {**kept, "HOME": str(folder), "MOOT_HOME": str(folder / ".moot"), **case.environ}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        return " ".join(f"{done.stderr} {done.stdout}".split())[-400:]
    return json.loads(done.stdout)


def _short(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:197]}..."


def _provided(case: Case, clones: Path | None, temporary: Path) -> Path:
    """The folder with the files of a case, each with the recorded content."""
    root = temporary / case.name
    root.mkdir()
    if case.package:
        _unpack(_downloaded(case.package, temporary), root)
        (root,) = root.iterdir()
    else:
        _archived(case, clones, root)
    for name, digest in case.sha256.items():
        found = hashlib.sha256((root / case.folder / name).read_bytes()).hexdigest()
        if found != digest:
            raise NotAtHand(f"{name} is another version: its SHA-256 is {found}")
    return root


def _archived(case: Case, clones: Path | None, root: Path) -> None:
    repository = str(case.repository)
    clone = clones and clones / repository.replace("/", "+")
    if not clone or not clone.exists():
        raise NotAtHand(f"no clone of {repository}")
    git = ["git", "-C", str(clone), "archive", "--output", f"{root}.tar", str(case.commit)]
    made = subprocess.run(git, capture_output=True, text=True, check=False)
    if made.returncode:
        raise NotAtHand(f"{repository} has no commit {case.commit}")
    _unpack(Path(f"{root}.tar"), root)


def _downloaded(package: str, temporary: Path) -> Path:
    """The archive of `npm:NAME@VERSION` or `pypi:NAME==VERSION`."""
    registry, _, name = package.partition(":")
    target = temporary / "archive"
    target.mkdir()
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    command = ["npm", "pack", "--silent", name] if registry == "npm" else [*pip, name]
    done = subprocess.run(command, cwd=target, capture_output=True, text=True, check=False)
    archives = [p for p in target.iterdir() if p.name.endswith((".tgz", ".tar.gz"))]
    if done.returncode or not archives:
        raise NotAtHand(f"{package} cannot be fetched")
    return archives[0]


def _unpack(archive: Path, into: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(into, filter="fully_trusted" if archive.suffix == ".tar" else "data")


if __name__ == "__main__":
    sys.exit(main())
