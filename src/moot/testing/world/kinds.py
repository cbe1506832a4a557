"""The types a simulated venue has: one of each create class, and one of each that keeps data."""

from __future__ import annotations

from moot.model.value import JSON
from moot.provider import CreateClass, TypeSchema

CLASSES: tuple[CreateClass, ...] = ("TOKEN", "NAME", "TAG", "BARE")
DATA = "_data"
TEXT: JSON = {"type": "string"}
NUMBER: JSON = {"type": "number"}


def kind(create_class: CreateClass, *, keeps_data: bool = False) -> str:
    """The name of the type: `sim.token`, `sim.name_data`."""
    return f"sim.{create_class.lower()}{DATA if keeps_data else ''}"


def schemas(settles_within_s: float) -> dict[str, TypeSchema]:
    """All types by name.

    `shape` can only be given at birth, `size` can change, `uses` holds identifiers of things that
    must stay as long as this one does, `secret` is not shown to anyone, and a thing with `starts_s`
    is healthy so long after it was made.
    """
    return {
        kind(create_class, keeps_data=keeps_data): TypeSchema(
            type=kind(create_class, keeps_data=keeps_data),
            properties={
                "shape": TEXT,
                "size": NUMBER,
                "uses": {"type": "array", "items": TEXT},
                "secret": TEXT,
                "starts_s": NUMBER,
                "id": TEXT,
                "serial": NUMBER,
            },
            primary_identifier=("id",),
            read_only=("id", "serial"),
            create_only=("shape", "uses"),
            write_only=("secret",),
            sensitive=("secret",),
            keeps_data=keeps_data,
            create_class=create_class,
            call_timeout_s=10.0,
            settles_within_s=settles_within_s,
        )
        for create_class in CLASSES
        for keeps_data in (False, True)
    }


def is_bare(type: str) -> bool:
    """Whether things of the type carry no marks."""
    return type.removesuffix(DATA) == kind("BARE")
