"""The App that a settled model declares."""

from __future__ import annotations

from collections.abc import Mapping

from moot.model.app import (
    App,
    Component,
    Connection,
    NativeResource,
    Network,
    Policy,
    Volume,
)
from moot.model.budget import Budget
from moot.model.units import fraction
from moot.model.value import Ref, Text, Value
from moot.passes.compose.component import component
from moot.passes.compose.files import Files
from moot.passes.compose.node import Node
from moot.passes.compose.reports import Reports, did_you_mean
from moot.passes.compose.secrets import Secrets
from moot.passes.compose.templates import check_templates

SECRET = "secret"  # noqa: S105 - a word: `${moot:secret.NAME}` is no native resource


def declared(model: Node, files: Files, reports: Reports) -> App:
    """The App; what it refers to without declaring it is reported."""
    name: str = model.scalar("name")
    moot = model.get("x-moot") or model.but({})
    venues: dict[str, str] = {key: node.scalar("venue") for key, node in moot.items("resources")}
    resolver = _Resolver(name, venues, files.secrets, reports)
    sections = {section: model.get(section) for section in ("configs", "secrets")}
    components = tuple(
        component(key, node, files, sections, resolver) for key, node in model.items("services")
    )
    app = App(
        name=name,
        components=components,
        connections=_connections(components),
        networks=_networks(model),
        volumes=_volumes(model, components),
        files=tuple(files.found.values()),
        resources=_resources(moot, resolver),
        policy=_policy(moot),
        folder=files.folder,
    )
    check_templates(app, reports)
    return app


class _Resolver:
    """Gives every `${moot:NAME.attribute}` the address of the resource it names, and every
    `${moot:secret.NAME}` the version of that secret.
    """

    def __init__(
        self, app: str, venues: Mapping[str, str], secrets: Secrets, reports: Reports
    ) -> None:
        self.app = app
        self.venues = venues
        self.secrets = secrets
        self.reports = reports

    def variable(self, node: Node) -> Value:
        """The plain value of a variable, which may hold Secrets too."""
        match node.value:
            case Ref(address, name) if address == SECRET:
                return self.secrets.as_variable(name, node)
            case Text(parts):
                found = [self.variable(node.but(p)) if isinstance(p, Ref) else p for p in parts]
                return Text(tuple(part for part in found if part is not None))
            case _:
                return self.value(node)

    def value(self, node: Node) -> Value:
        """The plain value of `node` with real Refs."""
        match node.value:
            case Ref():
                return self._ref(node.value, node)
            case Text(parts):
                return Text(tuple(self._ref(p, node) if isinstance(p, Ref) else p for p in parts))
            case dict():
                return {key: self.value(child) for key, child in node.value.items()}
            case list():
                return [self.value(child) for child in node.value]
            case _:
                return node.value

    def _ref(self, ref: Ref, node: Node) -> Ref:
        if ref.address == SECRET:
            self.reports.error(
                "Secret in the wrong place",
                f"${{moot:{ref.address}.{ref.attribute}}} would be seen here by others.",
                "Use it in the 'environment' of a component, or give the component the file.",
                node.place,
            )
            return ref
        venue = self.venues.get(ref.address)
        if venue is None:
            self.reports.error(
                "Unknown resource",
                f"${{moot:{ref.address}.{ref.attribute}}} names no resource of this App.",
                did_you_mean(ref.address, self.venues, "Declare it under 'x-moot.resources'."),
                node.place,
            )
        return Ref(f"{self.app}@{venue}/resource/{ref.address}", ref.attribute)


def _connections(components: tuple[Component, ...]) -> tuple[Connection, ...]:
    """What `depends_on` states, in each network the two share.

    Who else may connect follows from the shared networks and is not written out: in a network of
    500 components that would be a quarter of a million pairs.
    """
    networks = {c.name: [a.network for a in c.networks] for c in components}
    return tuple(
        Connection(source=source.name, target=dependency.component, network=network)
        for source in components
        for dependency in source.depends_on
        for network in networks[source.name]
        if network in networks.get(dependency.component, ())
    )


def _networks(model: Node) -> tuple[Network, ...]:
    made: list[Network] = []
    app: str = model.scalar("name")
    for key, node in model.items("networks"):
        options: dict[str, Value] = node.plain()
        name = options.pop("name")
        external = options.pop("external", False) is True
        made.append(
            Network(
                name=key,
                external=external,
                internal=options.pop("internal", False) is True,
                real_name=name if external or name != f"{app}_{key}" else None,
                options=options,
            )
        )
    return tuple(made)


def _volumes(model: Node, components: tuple[Component, ...]) -> tuple[Volume, ...]:
    """The declared volumes, then those that mounts without a name stand for."""
    made: dict[str, Volume] = {}
    app: str = model.scalar("name")
    for key, node in model.items("volumes"):
        options: dict[str, Value] = node.plain()
        name = options.pop("name")
        external = options.pop("external", False) is True
        real_name = name if external or name != f"{app}_{key}" else None
        made[key] = Volume(name=key, external=external, real_name=real_name, options=options)
    for one in components:
        for mount in one.mounts:
            if mount.kind == "volume" and mount.source not in made:
                made[mount.source] = Volume(name=mount.source)
    return tuple(made.values())


def _resources(moot: Node, resolver: _Resolver) -> tuple[NativeResource, ...]:
    return tuple(
        NativeResource(
            name=key,
            type=node.scalar("type"),
            venue=resolver.venues[key],
            properties=resolver.value(given) if (given := node.get("properties")) else {},
            place=node.key_place,
        )
        for key, node in moot.items("resources")
    )


def _policy(moot: Node) -> Policy:
    availability: str | None = moot.scalar("availability")
    budget = moot.get("budget")
    return Policy(
        venues=tuple(moot.scalar("venues") or ()),
        residency=tuple(moot.scalar("residency") or ()),
        spread=moot.scalar("spread") or {},
        availability=fraction(availability) if availability else None,
        headroom=moot.scalar("headroom"),
        budget=Budget.of(str(budget.value), budget.place) if budget else None,
        spot=moot.scalar("spot"),
        places={
            **{key: node.key_place for key, node in moot.items()},
            **{f"spread.{level}": node.key_place for level, node in moot.items("spread")},
        },
    )
