"""What there is and was: observed now, or as it was written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from moot.engine.observe import observe
from moot.engine.redact import Redact
from moot.engine.secrets import contents
from moot.engine.status import replica_status, volume_status
from moot.engine.turn import Observation, World, sealed
from moot.engine.vault import Vault
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.report import ReplicaStatus, Stale, Version, VolumeStatus
from moot.model.resource import ConfigurationItem


@dataclass(frozen=True, slots=True)
class View:
    """Looks at Apps and changes nothing, not even the record of them."""

    world: World

    def observed(self, app: str) -> Observation:
        """All that an App has, each with the time when it was last seen."""
        seen, listed = observe(app, self.world), self.world.store.listed(app)
        items = (replace(i, observed_at=_last_seen(i, listed)) for i in seen.items)
        return replace(seen, items=tuple(items))

    def replicas(self, apps: Iterable[str]) -> tuple[tuple[ReplicaStatus, ...], tuple[Stale, ...]]:
        """Every replica of these Apps, and the venues that do not answer."""
        lines: list[ReplicaStatus] = []
        stale: list[Stale] = []
        for app in apps:
            seen = self.observed(app)
            items = map(self._redact(app).item, seen.items)
            lines += replica_status(items, self.world.store.placement(app), seen.stale)
            stale += seen.stale
        return tuple(lines), tuple(dict.fromkeys(stale))

    def items(
        self, apps: Iterable[str], type: str | None = None
    ) -> tuple[tuple[ConfigurationItem, ...], tuple[Stale, ...]]:
        """Everything that exists of these Apps, or of one type; sensitive values as digests."""
        items: list[ConfigurationItem] = []
        stale: list[Stale] = []
        for app in apps:
            seen = self.observed(app)
            items += [sealed(i, self.world) for i in seen.items if type in {None, i.type}]
            stale += seen.stale
        return tuple(items), tuple(dict.fromkeys(stale))

    def volumes(self, apps: Iterable[str]) -> tuple[VolumeStatus, ...]:
        """Everything of these Apps that keeps data."""
        return tuple(v for app in apps for v in volume_status(self.observed(app).items))

    def history(self, address: str) -> tuple[Version, ...]:
        """Every version of what was at an address, newest first; BadInput where nothing was."""
        versions = self.world.store.history(address)
        if not versions:
            raise BadInput(
                Diagnostic(
                    summary=f"nothing was ever at {address}",
                    detail="an address is made of app, component, index, venue and kind",
                    remedy="see `moot inventory --all` for those that exist",
                )
            )
        return versions

    def _redact(self, app: str) -> Redact:
        return Redact(lambda: contents(app, self.world.store, Vault(self.world.seal.key)))


def _last_seen(item: ConfigurationItem, listed: Mapping[tuple[str, str], float]) -> float:
    """When it was seen: just now, or with the last listing of its kind that was written down."""
    return item.observed_at or listed.get((item.venue, item.type), 0.0)
