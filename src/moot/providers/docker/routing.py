"""Which gateway carries which listeners, and what each must be told for it (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from moot.model.placement import Listener, Share
from moot.model.resource import Resource
from moot.model.value import Ref, Value
from moot.providers.docker.names import gateway_name, network_name

# Published ports get ports of their own inside the gateway, so that what others may reach by name
# and what anybody may reach are told apart.
PUBLISHED_OFFSET = 20000


@dataclass
class Gateway:
    """One gateway container: all listeners of the components it carries.

    A container has one address in a network, so two components that listen on the same port there
    cannot share a gateway.
    """

    number: int
    listeners: list[Listener] = field(default_factory=list[Listener])
    named: set[str] = field(default_factory=set[str])

    def of(self, component: str) -> list[Listener]:
        """The listeners of one component."""
        return [listener for listener in self.listeners if listener.component == component]

    def takes(self, share: Share, listeners: list[Listener]) -> bool:
        """Whether these do not clash with what it carries already."""
        mine = {p for x in self.listeners if x.component in self.named for p in _places(share, x)}
        return not mine & {place for x in listeners for place in _places(share, x)}

    def address(self, share: Share) -> str:
        """Its address: the first has the App's plain one."""
        return f"{share.app.name}@{share.venue}/gateway" + (
            "" if self.number == 1 else f"/{self.number}"
        )

    def resource(self, share: Share, image: str) -> Resource:
        """The gateway as a Resource; its back ends are Resources of their own."""
        binds = sorted({bind for listener in self.listeners for bind in listener.binds})
        inside = self.inside(binds)
        return Resource(
            address=self.address(share),
            type="docker.gateway",
            venue=share.venue,
            properties={
                "base_name": gateway_name(share.app.name, self.number),
                "image": image,
                "publish": [
                    {"address": address, "published": port, "inside": inside[address, port]}
                    for address, port in binds
                ],
                "listeners": [self.listener(share, x, inside) for x in self.listeners],
                "networks": self.networks(share),
                "network_ids": self.network_ids(share),
            },
            order="stop-first",
            exclusive=frozenset(f"port:{address}:{port}/tcp" for address, port in binds),
            ready="started",
        )

    def inside(self, binds: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The port inside the container for every published one."""
        used = {listener.target for listener in self.listeners}
        found: dict[tuple[str, int], int] = {}
        for address, port in binds:
            number = port + PUBLISHED_OFFSET if port < 45000 else port - PUBLISHED_OFFSET
            while number in used:
                number += 1
            used.add(number)
            found[address, port] = number
        return found

    def listener(
        self, share: Share, listener: Listener, inside: Mapping[tuple[str, int], int]
    ) -> Value:
        return {
            "name": listener.name,
            "target": listener.target,
            "published": sorted(inside[bind] for bind in listener.binds),
            "networks": self.named_in(share, listener),
            "http": listener.http,
            "retry_all": listener.retry_all,
        }

    def named_in(self, share: Share, listener: Listener) -> list[str]:
        """Networks in which it is reached by name; only their members are let in there."""
        if listener.component not in self.named:
            return []
        return sorted({_real(share, network) for network in _networks(share, listener)})

    def networks(self, share: Share) -> dict[str, Value]:
        names: dict[str, set[str]] = {}
        for listener in self.listeners:
            component = share.component(listener.component)
            aliases = {a.network: a.aliases for a in component.networks}
            for network in _networks(share, listener):
                mine = names.setdefault(_real(share, network), set())
                if listener.component in self.named:
                    mine.update((component.name, *aliases.get(network, ())))
        return {network: {"aliases": sorted(aliases)} for network, aliases in names.items()}

    def network_ids(self, share: Share) -> list[Value]:
        used = {network for x in self.listeners for network in _networks(share, x)}
        return [
            Ref(f"{share.app.name}@{share.venue}/network/{network.name}", "id")
            for network in share.app.networks
            if network.name in used and not network.external
        ]


def gateways(share: Share, replicas: Mapping[str, int]) -> list[Gateway]:
    """As few gateways as the listeners of the components placed here need.

    Names go to a gateway only where there are several replicas: a single one is reached directly,
    also on ports it did not declare.
    """
    found: list[Gateway] = []
    for name, count in replicas.items():
        listeners = [
            listener
            for listener in share.listeners
            if listener.component == name and _networks(share, listener)
        ]
        named = count > 1 and any(listener.names for listener in listeners)
        listeners = [listener for listener in listeners if named or listener.binds]
        if not listeners:
            continue
        fits = (g for g in found if not named or g.takes(share, listeners))
        gateway = next(fits, None)
        if gateway is None:
            gateway = Gateway(len(found) + 1)
            found.append(gateway)
        gateway.listeners += listeners
        if named:
            gateway.named.add(name)
    return found


def holds_names(gateway: Gateway, component: str) -> bool:
    """Whether the gateway answers to the component's names."""
    return component in gateway.named


def _places(share: Share, listener: Listener) -> set[tuple[str, int]]:
    return {(network, listener.target) for network in _networks(share, listener)}


def _networks(share: Share, listener: Listener) -> tuple[str, ...]:
    """Networks the gateway must be in to reach the replicas; none for one without networks."""
    joined = share.component(listener.component).networks
    return listener.networks or tuple(attachment.network for attachment in joined)


def _real(share: Share, name: str) -> str:
    return network_name(share.app.name, next(n for n in share.app.networks if n.name == name))
