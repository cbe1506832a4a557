"""The store over a database that speaks SQL: each part is a file of its own."""

from __future__ import annotations

from moot.store.calls import Calls
from moot.store.claims import Claims
from moot.store.renaming import Renaming
from moot.store.resting import Resting
from moot.store.secrets import Secrets


class SqlStore(Claims, Calls, Renaming, Resting, Secrets):
    """All of moot's memory in a database; see Store for what each method promises."""
