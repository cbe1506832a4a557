"""The JSON Schema of a compose file with `x-moot`, for editors."""

from __future__ import annotations

from moot.model.value import JSON
from moot.passes.compose.keys import SERVICE
from moot.passes.compose.top import FILE

_COMPONENT = {"$ref": "#/$defs/component"}


def schema() -> JSON:
    """JSON Schema (draft 2020-12), made from the tables that reading itself goes by.

    Keys that are refused are not in it, so that an editor marks them while they are typed.
    """
    whole: dict[str, JSON] = dict(FILE.schema())
    services: dict[str, JSON] = dict(whole["properties"]["services"])
    services["additionalProperties"] = _COMPONENT
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "moot application",
        "description": "An application: a compose file, with what Compose cannot say in x-moot.",
        **whole,
        "properties": {**whole["properties"], "services": services},
        "$defs": {"component": SERVICE.schema()},
    }
