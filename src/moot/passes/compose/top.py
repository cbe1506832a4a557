"""The keys at the top of a compose file, and of networks, volumes, configs and secrets."""

from __future__ import annotations

from moot.passes.compose import simple as s
from moot.passes.compose.keys import SERVICE
from moot.passes.compose.moot_keys import SECRET_MOOT, TOP_MOOT
from moot.passes.compose.node import Node
from moot.passes.compose.record import Key, Listed, Mapped, Record
from moot.passes.compose.shape import Anything, File, Flag, Scope, Word
from moot.passes.compose.short import as_key, external

_EXTERNAL = Key(Flag(), "It is there already; it is used, never made or removed.")
_REAL_NAME = Key(Word(), "Its real name; made from the App's name and the key if left out.")
_TEMPLATE = "Templates are an extension of Docker Swarm."


class _External:
    """Accepts the older `external: {name: X}` beside `external: true`."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        made = external(node, path, scope) if isinstance(node.value, dict) else node
        return self.record.read(made or node, path, scope)

    def merge(self, first: Node, second: Node) -> Node:
        return self.record.merge(first, second)

    def schema(self) -> object:
        return self.record.schema()


NETWORK = _External(
    Record(
        "a network",
        {
            "name": _REAL_NAME,
            "external": _EXTERNAL,
            "driver": Key(Word(), "Network driver."),
            "driver_opts": Key(s.OPTIONS, "Options of the driver."),
            "ipam": Key(
                Record(
                    "'ipam'",
                    {
                        "driver": Key(Word(), "Driver that gives addresses."),
                        "config": Key(
                            Listed(
                                Record(
                                    "an address range",
                                    {
                                        "subnet": Key(Word(), "The subnet in CIDR notation."),
                                        "ip_range": Key(Word(), "Range addresses come from."),
                                        "gateway": Key(Word(), "Address of the gateway."),
                                        "aux_addresses": Key(s.OPTIONS, "Addresses in use."),
                                    },
                                ),
                                identity=lambda node: node.scalar("subnet"),
                            ),
                            "Address ranges.",
                        ),
                        "options": Key(s.OPTIONS, "Options of the driver."),
                    },
                ),
                "How addresses are given.",
            ),
            "internal": Key(Flag(), "No way out of the network."),
            "attachable": Key(Flag(), "Containers of others may join."),
            "enable_ipv4": Key(Flag(), "Give IPv4 addresses."),
            "enable_ipv6": Key(Flag(), "Give IPv6 addresses."),
            "labels": Key(s.PAIRS, "Labels of the network."),
        },
    )
)

VOLUME = _External(
    Record(
        "a volume",
        {
            "name": _REAL_NAME,
            "external": _EXTERNAL,
            "driver": Key(Word(), "Volume driver."),
            "driver_opts": Key(s.OPTIONS, "Options of the driver."),
            "labels": Key(s.PAIRS, "Labels of the volume."),
        },
    )
)

CONFIG = _External(
    Record(
        "a config",
        {
            "name": _REAL_NAME,
            "content": Key(Word(), "The content itself."),
            "file": Key(File(), "File with the content."),
            "environment": Key(Word(), "Environment variable with the content."),
            "external": Key(
                Flag(), "Docker Swarm would hold it.", "refused", "Name a 'file' or 'content'."
            ),
            "labels": Key(s.PAIRS, "Labels of the config."),
            "template_driver": Key(Word(), _TEMPLATE, "refused", "Write out the content."),
        },
    )
)

SECRET = _External(
    Record(
        "a secret",
        {
            "name": _REAL_NAME,
            "file": Key(File(), "File with the content."),
            "environment": Key(Word(), "Environment variable with the content."),
            "external": Key(Flag(), "Docker Swarm would hold it; needs 'x-moot' here."),
            "x-moot": Key(SECRET_MOOT, "Whom to ask for it, before any other source."),
            "labels": Key(s.PAIRS, "Labels of the secret."),
            "driver": Key(Word(), "No secret drivers exist here.", "refused", "Name a 'file'."),
            "driver_opts": Key(s.OPTIONS, "Options of a secret driver.", "carried"),
            "template_driver": Key(Word(), _TEMPLATE, "refused", "Write out the content."),
        },
    )
)

INCLUDE = Record(
    "an 'include'",
    {
        "path": Key(Listed(File(), single=True), "The file; further ones are merged onto it."),
        "project_directory": Key(File(), "What its relative paths begin at; its own folder."),
        "env_file": Key(Listed(File(), single=True), "Its variables; '.env' in that folder."),
    },
    required=("path",),
    short=as_key("path"),
    short_schema=({"type": "string"},),
    extensions=False,
)

_MODELS = "No venue offers models yet."

FILE = Record(
    "a compose file",
    {
        "version": Key(
            Word(numbers=True), "The language has no versions.", "carried", "Remove it."
        ),
        "name": Key(Word(), "Name of the App; the folder's if left out."),
        "include": Key(Listed(INCLUDE), "Other compose files that belong to the App."),
        "services": Key(Mapped(SERVICE, extensions=True), "The components of the App."),
        "networks": Key(Mapped(NETWORK, empty=True, extensions=True), "Who may reach whom."),
        "volumes": Key(Mapped(VOLUME, empty=True, extensions=True), "Data that outlives replicas."),
        "configs": Key(Mapped(CONFIG, extensions=True), "Files components get."),
        "secrets": Key(Mapped(SECRET, extensions=True), "Secret files components get."),
        "models": Key(Anything(dict), _MODELS, "carried"),
        "x-moot": Key(TOP_MOOT, "What Compose cannot say."),
    },
)
