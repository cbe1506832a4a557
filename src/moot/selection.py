"""Which App a command is about, and its declaration: read once, and asked for secrets once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moot.model.diagnostic import BadInput
from moot.reading import load

if TYPE_CHECKING:
    from moot.model.app import App
    from moot.passes.parse import Origin
    from moot.reading import Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which App and which venues: the options that every command shares.

    Facts younger than `max_age_s` seconds are not asked of a venue again.
    """

    files: tuple[str, ...] = ()
    name: str | None = None
    profiles: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    folder: str | None = None
    venues: tuple[str, ...] = ()
    max_age_s: float = 0.0


@dataclass(slots=True)
class Declared:
    """What is declared in the files of a selection; BadInput where they have errors.

    `kept` gives what an origin said when the App was last carried out, and when that was.
    """

    selection: Selection
    environ: Mapping[str, str]
    digest: Callable[[bytes], str]
    kept: Callable[[str, Origin], tuple[bytes, float] | None]
    _loaded: Loaded | None = None

    def loaded(self) -> Loaded:
        """The declaration; secrets that somebody must be asked for may have no version yet."""
        if self._loaded is None:
            chosen, environ = self.selection, dict(self.environ)
            if chosen.env_files:
                environ["COMPOSE_ENV_FILES"] = ",".join(chosen.env_files)
            loaded = load(
                *(chosen.files, chosen.folder, chosen.name, chosen.profiles), environ, self.digest
            )
            if loaded.parsed.app is None:
                raise BadInput(*loaded.parsed.diagnostics)
            self._loaded = loaded
        return self._loaded

    def app(self) -> App:
        """The App; where somebody must be asked for its secrets, to be looked at only."""
        app = self.loaded().parsed.app
        assert app is not None, "a declaration with errors is refused when it is read"
        return app

    def answered_app(self) -> App:
        """The App as it may be carried out."""
        self.answered()
        return self.app()

    def name(self) -> str:
        """The App's name, from -p where the declaration is not at hand."""
        chosen = self.selection
        return chosen.name if chosen.name and not chosen.files else self.app().name

    def answered(self) -> Loaded:
        """The same with all its secrets; somebody may be asked for a passphrase."""
        loaded = self.loaded()
        if loaded.parsed.asks and loaded.parsed.app:
            name = loaded.parsed.app.name
            from moot.asking import Asking

            asking = Asking(self.environ, lambda origin: self.kept(name, origin))
            self._loaded = loaded = asking.answered(loaded, self.digest)
        return loaded
