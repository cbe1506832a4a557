"""What HAProxy is told, and how its answers are understood."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from moot.render.gateway import (
    Front,
    Server,
    ServerState,
    add_server,
    configuration,
    parse_connections,
    parse_servers,
    remove_server,
    server_line,
    servers_marker,
)

STATES = """1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight \
srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state \
srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl \
srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 web-80 1 web.0.1 127.0.0.1 2 0 1 1 0 6 3 2 6 0 0 0 - 29998 - 0 0 - - 0
3 web-80 2 web.1.1 127.0.0.1 0 8 1 1 1 8 2 0 6 0 0 0 - 29999 - 0 0 - - 0
3 web-80 3 web.2.1 ::1 0 1 1 1 0 1 0 0 2 0 0 0 - 80 - 0 0 - - 0
"""
CONNECTIONS = """# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est \
unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[2]
web-80/web.0.1 3/1 127.0.0.1 29998 - 0 7 9 1 0 0 -1 0 0 0
web-80/web.1.1 3/2 127.0.0.1 29999 - 0 0 1 1 0 0 -1 0 0 0
"""


def section(text: str, name: str) -> list[str]:
    """The lines of one section."""
    (found,) = (part for part in text.split("\n\n") if part.splitlines()[0] == name)
    return [line.strip() for line in found.splitlines()[1:]]


def test_only_safe_methods_are_repeated() -> None:
    text = configuration([Front(name="web-80", binds=(("*", 80),), http=True)], stats=["/s"])
    lines = section(text, "backend web-80")
    assert "retry-on conn-failure empty-response response-timeout junk-response" in lines
    assert "acl safe method GET HEAD OPTIONS" in lines
    assert "http-request disable-l7-retry if !safe" in lines


def test_every_method_is_repeated_where_the_user_allows_it() -> None:
    front = Front(name="web-80", binds=(("*", 80),), http=True, retry_all=True)
    assert "disable-l7-retry" not in configuration([front], stats=["/s"])


def test_plain_tcp_is_left_alone() -> None:
    text = configuration([Front(name="db-5432", binds=(("*", 5432),))], stats=["/s"])
    lines = section(text, "backend db-5432")
    assert "mode tcp" in lines
    assert not [line for line in lines if "retry" in line or "http" in line]


def test_servers_stand_before_their_marker() -> None:
    servers = (
        Server(name="web.1.1", address="::1", port=2, ready=False),
        Server(name="web.0.1", address="127.0.0.1", port=1),
    )
    text = configuration([Front(name="w", binds=(("::1", 80),), servers=servers)], stats=["/s"])
    lines = text.splitlines()
    end = lines.index(servers_marker("w"))
    assert lines[end - 2 : end] == [server_line(servers[1]), server_line(servers[0])]
    assert "disabled" in server_line(servers[0])
    assert "    bind [::1]:80" in lines


def test_the_same_listeners_give_the_same_text() -> None:
    fronts = [Front(name=name, binds=(("*", 1),)) for name in ("a", "b", "c")]
    assert configuration(fronts, stats=["/s"]) == configuration(fronts[::-1], stats=["/s"])


def test_a_new_server_is_drained_before_it_leaves_maintenance() -> None:
    first, second, third = add_server("w", Server(name="s", address="127.0.0.1", port=1))
    assert first.startswith("add server w/s 127.0.0.1:1 check")
    assert second == "set server w/s state drain"
    assert third == "enable health w/s"


def test_connections_are_cut_only_where_that_is_asked() -> None:
    assert remove_server("w", "s") == ("set server w/s state maint", "del server w/s")
    assert "shutdown sessions server w/s" in remove_server("w", "s", cut=True)


def test_states_are_understood() -> None:
    found = parse_servers(STATES)
    assert found["web-80", "web.0.1"] == ServerState(
        address="127.0.0.1", port=29998, admin="ready", up=True, checked=True
    )
    assert found["web-80", "web.1.1"] == ServerState(
        address="127.0.0.1", port=29999, admin="drain", up=False, checked=False
    )
    assert found["web-80", "web.2.1"] == ServerState(
        address="::1", port=80, admin="maint", up=False, checked=False
    )


@pytest.mark.parametrize("text", ["", "\n", "Can't find backend.\n", "1\n# be_id be_name\n"])
def test_no_states_are_none(text: str) -> None:
    assert parse_servers(text) == {}
    assert parse_connections(text) == {}


def test_connections_are_counted() -> None:
    found = parse_connections(CONNECTIONS)
    assert found == {("web-80", "web.0.1"): 7, ("web-80", "web.1.1"): 0}


@pytest.mark.haproxy
@pytest.mark.parametrize("nameserver", [None, "127.0.0.11:53"])
def test_haproxy_accepts_it(tmp_path: Path, haproxy: str, nameserver: str | None) -> None:
    fronts = [
        Front(
            name=f"front-{http}-{retry_all}",
            binds=(("127.0.0.1", 14001), ("::1", 14001)),
            http=http,
            retry_all=retry_all,
            servers=(Server(name="s.0.1", address="127.0.0.1", port=1, ready=http),),
        )
        for http in (False, True)
        for retry_all in (False, True)
    ]
    path = tmp_path / "haproxy.cfg"
    path.write_text(configuration(fronts, stats=["unix@admin.sock"], nameserver=nameserver))
    checked = subprocess.run([haproxy, "-c", "-f", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
