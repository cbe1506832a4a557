"""A declaration as it may be stored: what can hold a secret is there as a keyed digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from moot.model.value import JSON, Value

Digests = Callable[[Value], Value]

# In a service: its environment, and what its image is built with.
_SENSITIVE = ("environment",)
_SENSITIVE_IN_BUILD = ("args",)
_SENSITIVE_IN_FILE = ("content",)


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
