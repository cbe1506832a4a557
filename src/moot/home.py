"""What moot keeps on this machine: its folder, its identity, its key, and where its venues are."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from moot.model.diagnostic import Diagnostic, Failure
from moot.venues_file import VenuesFile

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Home:
    """The folder MOOT_HOME and the file MOOT_VENUES, or their XDG defaults.

    `store` is where the record is: a path, or a postgresql:// URL.  `key_file` is where the key
    is, if not in the folder.
    """

    folder: Path
    venues_file: VenuesFile
    store: str
    key_file: Path | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Home:
        """Where the environment says they are.  Makes the folder; Failure where it cannot."""
        user = Path(environ.get("HOME") or Path.home())
        data = Path(environ.get("XDG_DATA_HOME") or user / ".local" / "share")
        config = Path(environ.get("XDG_CONFIG_HOME") or user / ".config")
        folder = Path(environ.get("MOOT_HOME") or data / "moot").absolute()
        venues = Path(environ.get("MOOT_VENUES") or config / "moot" / "venues.yaml").absolute()
        store = environ.get("MOOT_STORE") or str(folder / "moot.db")
        if not store.startswith(("postgresql://", "postgres://")):
            store = str(Path(store).absolute())
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Failure(_unusable(folder, error)) from None
        key = environ.get("MOOT_KEY_FILE")
        venues_file = VenuesFile(venues)
        return cls(folder, venues_file, store, Path(key).absolute() if key else folder / "key")

    @property
    def market(self) -> Path:
        """The prices that were last asked of vendors."""
        return self.folder / "market.json.gz"

    def installation(self) -> str:
        """Whose things ours are: made once, and kept beside the database."""
        return _once(self.folder / "installation", secrets.token_hex(16)).decode().strip()

    def put_installation(self, installation: str) -> None:
        """Write another id in the place of the one that was lost."""
        path = self.folder / "installation"
        _draft(path, installation).replace(path)

    def key(self) -> bytes:
        """The key of all that is digested or encrypted, made where there is none.

        It is of no use to anyone without the database, nor the other way.
        """
        path = self.key_file or self.folder / "key"
        try:
            key = bytes.fromhex(_once(path, secrets.token_hex(KEY_BYTES)).decode().strip())
        except OSError as error:
            raise Failure(_no_key(path, error.strerror or str(error))) from None
        except ValueError:
            raise Failure(_no_key(path, "what is in it is no key")) from None
        if len(key) < KEY_BYTES:
            raise Failure(_no_key(path, f"a key has {KEY_BYTES} bytes, this one {len(key)}"))
        return key


def _once(path: Path, content: str) -> bytes:
    """A file that is made when it is first asked for, also when two ask at once."""
    if not path.exists():
        draft = _draft(path, content)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def _draft(path: Path, content: str) -> Path:
    """The content on disk, readable by its owner only, not yet under its name."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft


def _unusable(folder: Path, error: OSError) -> Diagnostic:
    return Diagnostic(
        summary="the folder that moot keeps its memory in cannot be made",
        detail=f"{folder}: {error.strerror}",
        remedy="set MOOT_HOME to a folder that you can write to",
    )


def _no_key(path: Path, reason: str) -> Diagnostic:
    return Diagnostic(
        summary="the key of this installation cannot be read",
        detail=f"{path}: {reason}",
        remedy="put it back; MOOT_KEY_FILE says where it is, if not in MOOT_HOME",
    )
