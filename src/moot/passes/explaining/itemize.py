"""App -> its Promises: whatever may be a reason why something has no place, each by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from moot.model.app import App, Component, Needs, Policy
from moot.model.availability import percent
from moot.model.conflict import Aspect, Promise
from moot.model.venue import Offering
from moot.passes.apart import PLURALS

GIB = 1024
BINDING = ("never", "only")  # of `spot`: allowed asks for nothing


def itemize(app: App) -> tuple[Promise, ...]:
    """What holds for all first, then component by component in the order of the file."""
    ours = {volume.name for volume in app.volumes if not volume.external}
    of_components = (p for c in app.components if c.replicas for p in _of(c, ours, app.policy))
    return (*_of_all(app.policy), *of_components)


def quotas(offerings: Iterable[Offering]) -> tuple[Promise, ...]:
    """What venues and pools promise not to give, each number by itself."""
    stated = {offering.site: offering.quota for offering in offerings if offering.quota}
    return tuple(
        Promise("quota", subject=f"{site}:{kind}", text=quota_text(site, kind, text))
        for site, quota in stated.items()
        for kind, text in quota.stated()
    )


def quota_text(site: str, kind: str, text: str) -> str:
    """As it stands in venues.yaml."""
    return f"venues.{site}.quota: {{{kind}: {text}}}"


def _of_all(policy: Policy) -> Iterator[Promise]:
    def promise(aspect: Aspect, value: str, subject: str = "") -> Promise:
        where = policy.places.get(f"{aspect}.{subject}") or policy.places.get(aspect)
        return Promise(aspect, "", subject, f"x-moot.{aspect}: {value}", where)

    if policy.residency:
        yield promise("residency", _listed(policy.residency))
    if policy.venues:
        yield promise("venues", _listed(policy.venues))
    for level in PLURALS:
        if (count := policy.spread.get(level, 1)) > 1:
            yield promise("spread", f"{{{level}: {count}}}", level)
    if policy.budget:
        budget = policy.budget
        yield Promise("budget", text=f"x-moot.budget: {budget}", place=budget.place)
    if policy.availability is not None:
        yield promise("availability", percent(policy.availability).replace(" ", ""))
    if policy.headroom:
        yield promise("headroom", policy.headroom)
    if policy.spot in BINDING:
        yield promise("spot", policy.spot)


def _of(component: Component, ours: Iterable[str], policy: Policy) -> Iterator[Promise]:
    def promise(aspect: Aspect, text: str, subject: str = "") -> Promise:
        places = component.places
        where = places.get(f"{aspect}.{subject}") or places.get(aspect, component.place)
        text = f"services.{component.name}.{text}"
        return Promise(aspect, component.name, subject, text, where)

    if component.replicas > 1:
        yield promise("replicas", f"deploy.replicas: {component.replicas}")
    for aspect, subject, text in _needs(component.needs):
        yield promise(aspect, f"deploy.resources.reservations.{text}", subject)
    if gpus := component.needs.gpus:
        yield promise("gpus", f"{_key(component)}: {'all' if gpus == inf else f'{gpus:.15g}'}")
    volumes = sorted({m.source for m in component.mounts if m.kind == "volume"} & {*ours})
    for aspect, text in _of_data(volumes, component, policy) if volumes else ():
        yield promise(aspect, text)
    for aspect, subject, text in _wishes(component):
        yield promise(aspect, f"x-moot.{text}", subject)
    if component.isolation:
        yield promise("isolation", f"x-moot.isolation: {component.isolation}")
    if component.segmentation_required:
        yield promise("segmentation", "x-moot.segmentation: required")
    if component.recipe:
        yield promise("recipe", "x-moot.recipe")


def _key(component: Component) -> str:
    """The one that says how many GPUs: where a device request does, it says the kind as well."""
    places = component.places
    stated = places.get("gpus")
    if stated is None or stated != places.get("trait"):
        return "x-moot.gpu"
    reserved = stated == places.get("gpus.devices")
    return "deploy.resources.reservations.devices" if reserved else "gpus"


def _needs(needs: Needs) -> Iterator[tuple[Aspect, str, str]]:
    if needs.cpu:
        yield "cpu", "", f"cpus: {needs.cpu:g}"
    if needs.memory_mib:
        yield "memory", "", f"memory: {_memory(needs.memory_mib)}"
    for trait in sorted(needs.traits - ({"gpu"} if needs.gpus else set())):
        yield "trait", trait, f"devices: {trait}"


def _of_data(
    volumes: Iterable[str], component: Component, policy: Policy
) -> Iterator[tuple[Aspect, str]]:
    """Data is on no spot where its component says nothing itself."""
    yield "volumes", f"volumes: {_listed(volumes)}"
    if policy.spot and not component.spot:
        yield "spot", "x-moot.spot: never"


def _wishes(component: Component) -> Iterator[tuple[Aspect, str, str]]:
    if component.near:
        yield "near", "", f"near: {_listed(component.near)}"
    if component.apart:
        yield "apart", "", f"apart: {_listed(component.apart)}"
    for each in component.latency:
        yield "latency", each.to, f"latency: {{{each.to}: {each.most_ms:f} ms}}"
    if component.spot in BINDING:
        yield "spot", "", f"spot: {component.spot}"
    if disk_mib := component.needs.disk_mib:
        yield "disk", "", f"disk: {_memory(disk_mib)}"


def _listed(values: Iterable[str]) -> str:
    return f"[{', '.join(values)}]"


def _memory(mib: int) -> str:
    """As Compose writes it: `512M`, `4G`."""
    return f"{mib // GIB}G" if mib % GIB == 0 else f"{mib}M"
