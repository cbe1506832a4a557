"""What must hold between the parts of a settled model, told with place and remedy."""

from __future__ import annotations

from moot.passes.compose.checks import check_component
from moot.passes.compose.node import Node
from moot.passes.compose.relations import check_relations
from moot.passes.compose.reports import Reports, did_you_mean

_SOURCES = {"configs": ("content", "environment", "file"), "secrets": ("environment", "file")}
_MORE = {"secrets": ", x-moot.command, x-moot.keyring"}


def check(model: Node, reports: Reports) -> None:
    """Report everything in `model` that cannot be: unknown names, cycles, contradictions."""
    services = dict(model.items("services"))
    if not services and not reports.failed:
        reports.error(
            "No components",
            "The App has no component that is active.",
            "Declare one under 'services', or activate a profile with --profile.",
            (model.get("services") or model).place,
        )
    for name, node in services.items():
        check_component(name, node, reports)
        _known_names(name, node, model, reports)
    check_relations(services, reports)
    _sources(model, reports)
    _externals(model, reports)


def _known_names(name: str, node: Node, model: Node, reports: Reports) -> None:
    """Networks, volumes, configs and secrets must be declared before they are used."""
    for network, entry in node.items("networks"):
        _known("network", network, entry, model, reports, name)
    for section, kind in (("configs", "config"), ("secrets", "secret")):
        for entry in node.elements(section):
            _known(kind, entry.scalar("source"), entry, model, reports, name)
    for entry in node.elements("volumes"):
        if entry.scalar("type") == "volume" and entry.scalar("source"):
            _known("volume", entry.scalar("source"), entry, model, reports, name)


def _known(
    kind: str, used: str, entry: Node, model: Node, reports: Reports, component: str
) -> None:
    declared = [key for key, _ in model.items(f"{kind}s")]
    if used not in declared:
        place = entry.key_place if kind == "network" else entry.place
        reports.error(
            f"Unknown {kind}",
            f"{component} uses the {kind} {used!r}, which is not declared under '{kind}s'.",
            did_you_mean(used, declared, f"Add it: '{kind}s: {{{used}: {{}}}}'."),
            place,
        )


def _sources(model: Node, reports: Reports) -> None:
    """A config or secret has its content from exactly one source; `x-moot` is asked before any."""
    for section, keys in _SOURCES.items():
        for name, node in model.items(section):
            if node.mentions("x-moot"):
                continue
            given = [key for key in keys if node.get(key) is not None]
            if len(given) != 1 and not node.mentions("driver"):
                reports.error(
                    "Content is not clear",
                    f"{section}.{name} has {' and '.join(given) or 'no content'}.",
                    f"Give exactly one of: {', '.join(keys)}{_MORE.get(section, '')}.",
                    node.key_place,
                )


def _externals(model: Node, reports: Reports) -> None:
    """What exists already is not described, only named."""
    for section in ("networks", "volumes"):
        for name, node in model.items(section):
            if node.scalar("external") is not True:
                continue
            for key, child in node.items():
                if key not in ("name", "external") and not key.startswith("x-"):
                    reports.error(
                        "Contradiction",
                        f"{section}.{name} is external, so {key!r} cannot be set here.",
                        f"Remove {key!r}, or 'external'.",
                        child.key_place,
                    )
