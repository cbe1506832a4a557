"""`moot config`, `moot schema` and `moot version`: what is declared, what may be, who reads it."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

import moot
from moot.cli.output import Output
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call

LISTS = ("services", "volumes", "images")


def config(call: Call, out: Output) -> int:
    """Print the canonical model, or a list of names from it."""
    parsed = call.moot.config()
    out.warn(d for d in parsed.diagnostics if d.severity == "warning")
    if call.invocation.flag("quiet"):
        return 0
    asked = [name for name in LISTS if call.invocation.flag(name)]
    lists = {name: names(parsed.canonical, name) for name in asked}
    if out.json_wanted:
        out.answer(lists or parsed.canonical)
    elif asked:
        for name in dict.fromkeys(name for listed in lists.values() for name in listed):
            out.line(name)
    else:
        out.raw(as_yaml(parsed.canonical))
    return 0


def schema(call: Call, out: Output) -> int:
    """Print the JSON Schema of a compose file."""
    from moot.passes.compose.schema import schema as compose_schema

    if out.json_wanted:
        out.answer({"schemas": [compose_schema()]})
    else:
        out.line(json.dumps(compose_schema(), indent=2, ensure_ascii=False))
    return 0


def version(call: Call, out: Output) -> int:
    """Print the version."""
    if out.json_wanted:
        versions = {"moot": moot.__version__, "python": platform.python_version()}
        out.answer({"versions": [{"name": n, "version": v} for n, v in versions.items()]})
    else:
        out.line(f"moot {moot.__version__}")
    return 0


def names(model: JSON, section: str) -> list[str]:
    """The names that --services, --volumes or --images lists."""
    if section != "images":
        return sorted(model.get(section) or {})
    services = (model.get("services") or {}).values()
    return sorted({service["image"] for service in services if service.get("image")})


def as_yaml(value: JSON) -> str:
    """`value` as YAML that is read alike by YAML 1.1 and 1.2."""
    import yaml

    from moot.passes.compose.scalar import resolved

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        style = "|" if "\n" in data else None if isinstance(resolved(data), str) else "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1)
