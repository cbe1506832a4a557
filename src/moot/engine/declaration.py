"""A declaration as it may be stored: what can hold a secret is there as a keyed digest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from moot.engine.journal import Journal
from moot.model.value import JSON, Secret, Value, canonical

Digests = Callable[[Value], Value]

# In a service: its environment, and what its image is built with.
_SENSITIVE = ("environment",)
_SENSITIVE_IN_BUILD = ("args",)
_SENSITIVE_IN_FILE = ("content",)


def declare(
    journal: Journal,
    model: Mapping[str, JSON],
    sources: Callable[[], bytes | None],
    secrets: Iterable[Secret] = (),
) -> None:
    """Make the declaration a revision of the App, unless it is the last one already.

    With another version of a secret it is the same declaration, made from other sources.  `sources`
    is asked for only where something is new: to gather and to seal them has its price.
    """
    body = stored(model, journal.seal.leaves)
    versions = sorted((secret.name, secret.version) for secret in secrets)
    text = canonical(body) + (canonical(versions) if versions else "")
    digest, latest = journal.seal.digest(text.encode()), f"declared {journal.app}"
    if journal.store.meta(latest) == digest:
        return
    with journal.store.turn(journal.lease):
        journal.store.add_revision(journal.app, body, journal.now(), journal.cause, sources())
        journal.store.put_meta(latest, digest)


def stored(canonical: Mapping[str, JSON], digests: Digests) -> dict[str, JSON]:
    """The canonical model with environments, build arguments and inline contents sealed."""
    services: Mapping[str, Mapping[str, JSON]] = canonical.get("services") or {}
    sealed: dict[str, JSON] = {name: _service(s, digests) for name, s in services.items()}
    files: dict[str, JSON] = {
        kind: {name: _sealed(entry, _SENSITIVE_IN_FILE, digests) for name, entry in many.items()}
        for kind in ("configs", "secrets")
        if (many := canonical.get(kind))
    }
    return {**canonical, **files, "services": sealed}


def _service(service: Mapping[str, JSON], digests: Digests) -> dict[str, JSON]:
    sealed = _sealed(service, _SENSITIVE, digests)
    if isinstance(service.get("build"), Mapping):
        sealed["build"] = _sealed(service["build"], _SENSITIVE_IN_BUILD, digests)
    return sealed


def _sealed(
    entry: Mapping[str, JSON] | None, keys: tuple[str, ...], digests: Digests
) -> dict[str, JSON]:
    return {k: digests(v) if k in keys else v for k, v in (entry or {}).items()}
