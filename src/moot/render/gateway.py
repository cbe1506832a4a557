"""HAProxy's configuration, the commands of its runtime API, and what it answers to them.

Written for HAProxy 2.6.  Servers come and go by the runtime API, without a reload, and stand in the
configuration as well, so that a HAProxy that was killed comes back with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Admin = Literal["ready", "drain", "maint"]

# A dead server leaves after 400 ms at most and is back with its first good answer.
CHECK = "check inter 200ms fall 2 rise 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One replica behind a listener.  `address` may be a name where the gateway has a resolver.

    `ready` False writes it as disabled: known to HAProxy, but without traffic.  `at_first` is the
    IP address a name is taken to have until it has been resolved.
    """

    name: str
    address: str
    port: int
    ready: bool = True
    at_first: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """One listener of a gateway: `binds` are (address, port) pairs, address "*" for every one.

    `http`: requests are HTTP, so that those safe to repeat are sent to another server when one
    fails; `retry_all` allows that for every method.  `closed` are (port, subnets) pairs: on that
    port only clients from those subnets are let in.
    """

    name: str
    binds: tuple[tuple[str, int], ...]
    closed: tuple[tuple[int, tuple[str, ...]], ...] = ()
    http: bool = False
    retry_all: bool = False
    servers: tuple[Server, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """What HAProxy says of one server.  `checked`: its most recent health check has passed."""

    address: str
    port: int
    admin: Admin
    up: bool
    checked: bool


def configuration(
    fronts: Iterable[Front],
    *,
    stats: Sequence[str],
    nameserver: str | None = None,
    connect_timeout_ms: int = 2000,
) -> str:
    """A whole `haproxy.cfg`.

    `stats` are the runtime API's addresses, as `bind` takes them: "/run/x.sock", "unix@x.sock".
    With `nameserver` ("127.0.0.11:53") servers' names are resolved again and again while it runs.
    """
    sections = [_global(stats), _DEFAULTS.format(connect_timeout_ms=connect_timeout_ms)]
    if nameserver:
        sections.append(_resolvers(nameserver))
    for front in sorted(fronts, key=lambda front: front.name):
        sections += [_frontend(front), _backend(front, resolved=nameserver is not None)]
    return "\n\n".join(sections) + "\n"


def server_line(server: Server, *, resolved: bool = False) -> str:
    """The line of one server inside its backend's section."""
    words = ["server", server.name, endpoint(server.address, server.port), CHECK]
    if resolved:
        first = f"{server.at_first},none" if server.at_first else "last,libc,none"
        words.append(f"resolvers names resolve-prefer ipv4 init-addr {first}")
    if not server.ready:
        words.append("disabled")
    return "    " + " ".join(words)


def servers_marker(front: str) -> str:
    """The comment line a backend's section ends with: where lines of further servers belong."""
    return f"    # servers of {front}"


def add_server(front: str, server: Server) -> tuple[str, ...]:
    """Runtime commands: make it known and check it, but send it no traffic yet.

    HAProxy does not resolve names of servers added so: `server.address` must be an IP address.
    """
    key = f"{front}/{server.name}"
    return (
        f"add server {key} {endpoint(server.address, server.port)} {CHECK}",
        f"set server {key} state drain",
        f"enable health {key}",
    )


def set_state(front: str, name: str, admin: Admin) -> str:
    """Runtime command: `drain` lets what is under way finish and sends it nothing new."""
    return f"set server {front}/{name} state {admin}"


def set_address(front: str, server: Server) -> str:
    """Runtime command: the same server has moved to another IP address or port."""
    return f"set server {front}/{server.name} addr {server.address} port {server.port}"


def set_name(front: str, name: str, host: str) -> str:
    """Runtime command: the same server is found under another name from now on."""
    return f"set server {front}/{name} fqdn {host}"


def remove_server(front: str, name: str, *, cut: bool = False) -> tuple[str, ...]:
    """Runtime commands: forget the server; refused while it has connections it may not `cut`."""
    key = f"{front}/{name}"
    cutting = (f"shutdown sessions server {key}",) if cut else ()
    return (f"set server {key} state maint", *cutting, f"del server {key}")


SHOW_SERVERS = "show servers state"
SHOW_CONNECTIONS = "show servers conn"


def parse_servers(text: str) -> dict[tuple[str, str], ServerState]:
    """What `show servers state` answered, by (front, server)."""
    found: dict[tuple[str, str], ServerState] = {}
    for row in _rows(text):
        found[row["be_name"], row["srv_name"]] = ServerState(
            address=row["srv_addr"],
            port=int(row["srv_port"]),
            admin=_admin(int(row["srv_admin_state"])),
            up=row["srv_op_state"] == "2",
            checked=row["srv_check_result"] in {"3", "4"},
        )
    return found


def parse_connections(text: str) -> dict[tuple[str, str], int]:
    """What `show servers conn` answered: connections in use by (front, server)."""
    found: dict[tuple[str, str], int] = {}
    for row in _rows(text):
        front, _, name = row["bkname/svname"].partition("/")
        found[front, name] = int(row["used_cur"])
    return found


def endpoint(address: str, port: int) -> str:
    """`address:port`, with brackets around an IPv6 address."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _global(stats: Sequence[str]) -> str:
    sockets = "\n".join(
        f"    stats socket {address} mode 600 level admin expose-fd listeners" for address in stats
    )
    # Without a limit of its own HAProxy sizes its tables by the machine's, which may be a million;
    # a worker left by a reload may keep long connections for an hour.
    return f"""global
    fd-hard-limit 20000
    hard-stop-after 1h
    log stdout format raw daemon notice
    stats timeout 1m
{sockets}"""


# `redispatch 1` and `retries` repeat a failed connection attempt, before any byte was sent, on
# another server at once.  `timeout tunnel` is for web sockets and plain TCP, such as pools of
# database connections that idle for hours; keep-alive finds peers that are gone.
_DEFAULTS = """defaults
    log global
    retries 3
    option redispatch 1
    option clitcpka
    option srvtcpka
    timeout connect {connect_timeout_ms}ms
    timeout check 1s
    timeout queue 10s
    timeout client 60s
    timeout server 60s
    timeout tunnel 24h"""


def _resolvers(nameserver: str) -> str:
    return f"""resolvers names
    nameserver venue {nameserver}
    resolve_retries 3
    timeout resolve 1s
    timeout retry 1s
    hold valid 1s
    hold obsolete 2s"""


def _frontend(front: Front) -> str:
    binds = [f"    bind {endpoint(address, port)}" for address, port in front.binds]
    return "\n".join(
        [
            f"frontend {front.name}",
            f"    mode {_mode(front)}",
            *binds,
            *(
                f"    tcp-request connection reject if {{ dst_port {port} }} "
                f"!{{ src {' '.join(subnets)} }}"
                for port, subnets in front.closed
            ),
            f"    default_backend {front.name}",
        ]
    )


def _backend(front: Front, *, resolved: bool) -> str:
    lines = [f"backend {front.name}", f"    mode {_mode(front)}"]
    lines += _http_options(front) if front.http else ["    balance leastconn"]
    servers = sorted(front.servers, key=lambda server: server.name)
    lines += [server_line(server, resolved=resolved) for server in servers]
    return "\n".join([*lines, servers_marker(front.name)])


def _http_options(front: Front) -> list[str]:
    """How HTTP requests are spread and repeated.

    A connection per request: a request sent on an idle connection to a server that has died could
    not be repeated, because its bytes were sent; a refused connection always can.
    """
    lines = [
        "    balance roundrobin",
        "    option http-server-close",
        "    option forwardfor",
        "    retry-on conn-failure empty-response response-timeout junk-response",
    ]
    if not front.retry_all:
        lines += [
            "    acl safe method GET HEAD OPTIONS",
            "    http-request disable-l7-retry if !safe",
        ]
    return lines


def _mode(front: Front) -> str:
    return "http" if front.http else "tcp"


def _admin(flags: int) -> Admin:
    """HAProxy's flags: 1, 2 and 32 are kinds of maintenance, 8 and 16 of draining.

    4 and 64 only tell that the configuration disabled it and that its name was changed.
    """
    if flags & 0b100011:
        return "maint"
    return "drain" if flags & 0b011000 else "ready"


def _rows(text: str) -> Iterable[Mapping[str, str]]:
    """Rows of a runtime API table: a `#` line names the columns, words are separated by blanks."""
    columns: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            columns = line.lstrip("# ").split()
        elif columns and len(words := line.split()) >= len(columns) - 1 and len(words) > 1:
            yield dict(zip(columns, words, strict=False))
