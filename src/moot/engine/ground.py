"""What a placement is decided from: room, what stands by the record, where data is, ports held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from moot.engine.ask import PassedOver
from moot.engine.offered import offered
from moot.engine.quotas import counted
from moot.engine.turn import World
from moot.model.app import App
from moot.model.codec import placement_from_json
from moot.model.diagnostic import BadInput, Diagnostic, Refused
from moot.model.placement import machine_of
from moot.model.rehearsal import Ground
from moot.model.resource import ConfigurationItem
from moot.model.venue import Offering
from moot.provider import ProviderError

Silent = Mapping[str, ProviderError]  # by venue


def explored(
    app: App,
    world: World,
    own: Iterable[ConfigurationItem],
    silent: Silent | None = None,
    patient: bool = False,
) -> Ground:
    """Ask the venues.  `own` is what belongs to the App as a whole, its volumes among it.

    Those that were found `silent` in this turn are not waited for as long once more.  Who is
    `patient` waits for every other to the end; else machines of a pool that have nothing of the App
    are passed over where they answer much later than the rest.  BadInput where the App names a
    venue that is not there, Refused where two machines are one.
    """
    allowed, homes = _allowed(app, world), _homes(own)
    recorded = world.store.placement(app.name)
    prior = placement_from_json(recorded) if recorded else None
    used = {*homes.values(), *(run.offering.venue for run in (prior.runs if prior else ()))}
    spare = () if patient else _spare(app, world, allowed) - used
    if silent and patient:
        silent = {v: error for v, error in silent.items() if not isinstance(error, PassedOver)}
    offerings, absent = offered(allowed, world.venues, world.slots, spare, silent)
    _refuse_twins(offerings)
    held = world.store.ports()
    return Ground(
        app=app,
        offerings=counted(app.name, offerings, world.store),
        prior=prior,
        homes=homes,
        absent={name: error.message for name, error in absent.items()},
        remedies={name: error.remedy for name, error in absent.items()},
        passed_over=frozenset(n for n, error in absent.items() if isinstance(error, PassedOver)),
        ports={purpose: port for owner, purpose, port in held if owner == app.name},
        taken={
            (machine_of(purpose), port): owner for owner, purpose, port in held if owner != app.name
        },
        venues=world.venues.configured,
    )


def given_up(ground: Ground) -> Silent:
    """Those that were not waited for to the end: in the same turn they are not waited for again."""
    return {
        name: PassedOver("ServiceTimeout", ground.absent[name], remedy=ground.remedies[name])
        for name in ground.passed_over
    }


def _spare(app: App, world: World, names: Iterable[str]) -> frozenset[str]:
    """Machines of pools on which the App never had anything and is told to have nothing.

    None where it promises something of the whole: that counts every machine there is.
    """
    if app.policy.availability is not None or app.policy.headroom:
        return frozenset()
    known = {venue for venue, _ in world.store.kinds(app.name)}
    known |= {native.venue for native in app.resources}
    return frozenset(n for n in names if world.venues.known(n).pool and n not in known)


def _allowed(app: App, world: World) -> list[str]:
    """The venues of this run that the App allows.

    BadInput where it names one that is not there, or only such as --venue leaves out.
    """
    for native in app.resources:
        world.venues.known(native.venue)
    named = world.venues.meant(app.policy.venues, app.policy.places.get("venues"))
    allowed = [v for v in world.allowed if not named or v in named]
    if world.allowed and not allowed and any(c.replicas for c in app.components):
        raise BadInput(_apart(app, world))
    return allowed


def _apart(app: App, world: World) -> Diagnostic:
    venues = (world.venues.known(name) for name in world.allowed)
    sites = ", ".join(dict.fromkeys(venue.pool or venue.name for venue in venues))
    return Diagnostic(
        summary="none of --venue is among the App's venues",
        detail=f"--venue names {sites}; x-moot.venues allows {', '.join(app.policy.venues)}",
        remedy="leave --venue out, or name a venue with it that x-moot.venues allows",
        place=app.policy.places.get("venues"),
    )


def _refuse_twins(offerings: Iterable[Offering]) -> None:
    """Two machines of a pool that are one, or say they are, would be sent to at one address."""
    known: dict[tuple[str, str], str] = {}
    for offering in offerings:
        if offering.pool and offering.machine:
            first = known.setdefault((offering.pool, offering.machine), offering.venue)
            if first != offering.venue:
                raise Refused(_twins(first, offering))


def _twins(first: str, offering: Offering) -> Diagnostic:
    return Diagnostic(
        summary="two machines of a pool are one",
        detail=f"{first} and {offering.venue} both are {offering.machine}",
        remedy="keep one of them in `hosts`; if they are two, copied one from the other, give one "
        "an identity of its own: `rm /etc/machine-id; systemd-machine-id-setup`",
    )


def _homes(items: Iterable[ConfigurationItem]) -> dict[str, str]:
    """In which venue each of the App's volumes is."""
    return {
        str(item.address).rpartition("/volume/")[2]: item.venue
        for item in items
        if item.keeps_data and "/volume/" in str(item.address)
    }
