"""Checks of what a provider says before anything is made: offerings, schemas, lowering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from moot.model.value import Secret, canonical, unknowns
from moot.provider import CreateClass
from moot.testing.trial import Bench


def identity_is_stable(bench: Bench, type: str) -> None:
    """Every provider object for a venue gives the same identity, and it is not empty."""
    one, other = bench.provider.identity(), bench.trial.provider().identity()
    assert one, "the identity is empty"
    assert one == other, f"the identity was {one!r} and then {other!r}"


def offerings_are_sound(bench: Bench, type: str) -> None:
    """Offerings have a name of their own and room that is not negative."""
    offerings = bench.provider.offerings()
    names = [offering.name for offering in offerings]
    assert len(names) == len(set(names)), f"two offerings share a name: {sorted(names)}"
    for offering in offerings:
        assert min(offering.cpu, offering.memory_mib, offering.disk_mib) >= 0, (
            f"{offering.name} offers less than nothing"
        )
        assert offering.hourly is None or offering.hourly >= 0, f"{offering.name} pays us"


def configuration_is_described(bench: Bench, type: str) -> None:
    """`config_schema` is the JSON Schema of a mapping."""
    schema = bench.provider.config_schema
    assert isinstance(schema, Mapping), "config_schema is not a mapping"
    assert schema.get("type") == "object", "config_schema does not describe a mapping"


def schema_is_sound(bench: Bench, type: str) -> None:
    """Every path of the schema leads to a declared property, and all a sample says is declared."""
    schema = bench.schema(type)
    assert type in bench.provider.types(), f"types() does not name {type}"
    assert schema.type == type, f"schema({type!r}) describes {schema.type}"
    assert schema.create_class in get_args(CreateClass), f"no such class: {schema.create_class}"
    assert schema.call_timeout_s > 0, "call_timeout_s leaves no time"
    paths = (
        *schema.primary_identifier,
        *schema.read_only,
        *schema.create_only,
        *schema.write_only,
        *schema.sensitive,
    )
    for path in paths:
        assert path.split(".")[0] in schema.properties, f"{path} is not a declared property"
    both = set(schema.read_only) & {*schema.create_only, *schema.write_only}
    assert not both, f"{sorted(both)} cannot be declared by anyone and yet be read-only"
    for want in bench.wants.values():
        if want.type == type:
            odd = want.properties.keys() - schema.properties.keys()
            assert not odd, f"{want.address} says {sorted(odd)}, which the schema does not know"
            told = want.properties.keys() & set(schema.read_only)
            assert not told, f"{want.address} sets {sorted(told)}, which are read-only"


def lowering_is_pure(bench: Bench, type: str) -> None:
    """Twice the same question, twice the same answer, whenever it is asked."""
    again = {want.address: want for want in bench.trial.resources(bench.app)}
    assert again == bench.wants, "the same App was made of different resources the second time"


def lowering_is_complete(bench: Bench, type: str) -> None:
    """Whatever a thing depends on is wanted too, and every replica has exactly one main thing."""
    mains: dict[str, int] = {}
    for want in bench.wants.values():
        assert want.type in bench.provider.types(), f"{want.type} is not one of types()"
        canonical(want.properties)
        if want.replica:
            mains[want.replica] = mains.get(want.replica, 0) + want.main
    components = {replica.rpartition("/")[0] for replica in mains}
    for want in bench.wants.values():
        for target in want.depends_on:
            assert target in bench.wants or target in components, f"nothing is at {target}"
    wrong = sorted(replica for replica, count in mains.items() if count != 1)
    assert not wrong, f"these have no main thing, or several: {wrong}"


def secrets_are_declared(bench: Bench, type: str) -> None:
    """A Secret stands only where the schema says that values are sensitive."""
    sensitive = {path.split(".")[0] for path in bench.schema(type).sensitive}
    for want in bench.wants.values():
        if want.type != type:
            continue
        for key, value in want.properties.items():
            holds = any(isinstance(unknown, Secret) for unknown in unknowns(value))
            assert not holds or key in sensitive, f"{key} holds a Secret and is not sensitive"


CHECKS = (
    identity_is_stable,
    offerings_are_sound,
    configuration_is_described,
    schema_is_sound,
    lowering_is_pure,
    lowering_is_complete,
    secrets_are_declared,
)
