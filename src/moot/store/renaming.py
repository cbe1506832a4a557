"""Another name for a venue, wherever the store holds the old one."""

from __future__ import annotations

from moot.model.renamed import item_renamed, placement_renamed, renamed
from moot.store.declared import Declared
from moot.store.items import Items


class Renaming(Declared, Items):
    """The part of the store that gives a venue another name."""

    def rename_venue(self, old: str, new: str, cause: str, at: float) -> None:
        """Rewrite every address that names a venue, and where everything was placed."""
        for table in ("identity", "item"):
            self._database.lock(table)
        for (app,) in self._read("SELECT app FROM identity UNION SELECT app FROM item ORDER BY 1"):
            for item in self.inventory(app):
                now = item_renamed(item, old, new)
                if now.address != item.address:
                    self.record(app, str(item.address), item.incarnation, None, at, cause)
                self.record(app, str(now.address), item.incarnation, now, at, cause)
            self._rename_identities(app, old, new)
            self._rename_kinds(app, old, new)
        for (app,) in self._read("SELECT app FROM placement ORDER BY app"):
            self.put_placement(app, placement_renamed(self.placement(app), old, new))
        self._rename_machine(old, new)

    def _rename_identities(self, app: str, old: str, new: str) -> None:
        """Their uids stay; whatever stood at the new address has never been anything."""
        for (address,) in self._read("SELECT address FROM identity WHERE app = ?", app):
            now = renamed(address, old, new)
            if now != address:
                self._write("DELETE FROM identity WHERE app = ? AND address = ?", app, now)
                rename = "UPDATE identity SET address = ? WHERE app = ? AND address = ?"
                self._write(rename, now, app, address)

    def _rename_kinds(self, app: str, old: str, new: str) -> None:
        """Under its new name a venue has never been listed."""
        self._write(
            "INSERT INTO kind (app, venue, type) SELECT app, ?, type FROM kind "
            "WHERE app = ? AND venue = ? ON CONFLICT (app, venue, type) DO NOTHING",
            *(new, app, old),
        )
        self._write("DELETE FROM kind WHERE app = ? AND venue = ?", app, old)
        self._kinds.clear()

    def _rename_machine(self, old: str, new: str) -> None:
        """Ports of a venue that is not one machine are reserved under its own name."""
        self._database.lock("reservation")
        for app, purpose, _ in self.ports():
            now = renamed(purpose, old, new)
            if now != purpose:
                self._write("DELETE FROM reservation WHERE app = ? AND purpose = ?", app, now)
                rename = "UPDATE reservation SET purpose = ? WHERE app = ? AND purpose = ?"
                self._write(rename, now, app, purpose)
