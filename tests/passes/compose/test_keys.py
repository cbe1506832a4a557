"""The tables of keys, their documentation and the specification agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from declaration import parsed

from moot.passes.compose import deploy_keys, moot_keys, recipe_keys, sections, top
from moot.passes.compose.component import CONTAINER_OPTIONS
from moot.passes.compose.keys import SERVICE, SPECIFIED
from moot.passes.compose.record import Key, Record

DOCS = Path(__file__).parents[3] / "docs" / "compose.md"

# The properties of a service in the schema of the Compose specification, June 2026.
SPECIFICATION_WORDS = """
annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs
container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime
cpu_shares cpus cpuset credential_spec depends_on deploy develop device_cgroup_rules devices dns
dns_opt dns_search domainname entrypoint env_file environment expose extends external_links
extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links
logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode
networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_stop
privileged profiles provider pull_policy pull_refresh_after read_only restart runtime scale
secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs
tty ulimits use_api_socket user userns_mode uts volumes volumes_from working_dir
"""
SPECIFICATION = SPECIFICATION_WORDS.split()

# Honoured, and translated into fields of the App of their own.
TRANSLATED_WORDS = """
build command configs cpus depends_on deploy entrypoint env_file environment expose extends gpus
healthcheck image label_file labels links logging mem_limit networks pids_limit platform ports
profiles pull_policy restart scale secrets stop_grace_period stop_signal tmpfs user volumes
working_dir
"""
TRANSLATED = TRANSLATED_WORDS.split()


def _inner(name: str, record: Record) -> Record:
    shape = record.keys[name].shape
    assert isinstance(shape, Record)
    return shape


def _element(shape: sections.Listed | sections.Mapped) -> Record:
    assert isinstance(shape.shape, Record)
    return shape.shape


TABLES = {
    "The file": top.FILE,
    "A component": SERVICE,
    "`build`": sections.BUILD,
    "`deploy`": deploy_keys.DEPLOY,
    "`deploy.update_config`": _inner("update_config", deploy_keys.DEPLOY),
    "`deploy.restart_policy`": _inner("restart_policy", deploy_keys.DEPLOY),
    "`deploy.resources.limits`": _inner("limits", deploy_keys.RESOURCES),
    "`deploy.resources.reservations`": _inner("reservations", deploy_keys.RESOURCES),
    "A device request (`gpus`, `devices` of the reservations)": deploy_keys.DEVICE_REQUEST,
    "`healthcheck`": deploy_keys.HEALTHCHECK,
    "A port": _element(sections.PORTS),
    "A mount (`volumes` of a component)": _element(sections.VOLUMES),
    "A network of a component": _element(sections.NETWORKS),
    "A dependency": _element(sections.DEPENDS_ON),
    "A network": top.NETWORK.record,
    "A volume": top.VOLUME.record,
    "A config": top.CONFIG.record,
    "A secret": top.SECRET.record,
    "`x-moot` of a secret": moot_keys.SECRET_MOOT,
    "`x-moot.keyring` of a secret": _inner("keyring", moot_keys.SECRET_MOOT),
    "An include": top.INCLUDE,
    "`x-moot` of the file": moot_keys.TOP_MOOT,
    "`x-moot.resources`": moot_keys.RESOURCE,
    "`x-moot.spread`": _inner("spread", moot_keys.TOP_MOOT),
    "`x-moot` of a component": moot_keys.COMPONENT_MOOT,
    "`x-moot.process`": moot_keys.PROCESS,
    "`x-moot.recipe`": recipe_keys.RECIPE,
    "`x-moot.recipe.users`": recipe_keys.USER,
    "`x-moot.recipe.files`": recipe_keys.FILE,
    "`x-moot.recipe.firewall`": recipe_keys.RULE,
    "`x-moot.recipe.scripts`": recipe_keys.SCRIPT,
    "`x-moot.recipe.ansible`": recipe_keys.ANSIBLE,
    "`x-moot.recipe.puppet`": recipe_keys.PUPPET,
}


def test_every_key_of_the_specification_is_in_the_table() -> None:
    assert len(SPECIFICATION) == 92
    assert sorted(SPECIFIED) == sorted(SPECIFICATION)


def test_every_honoured_key_reaches_the_app() -> None:
    honoured = {name for name in SPECIFIED if SERVICE.keys[name].fate == "honoured"}
    assert honoured == {*CONTAINER_OPTIONS, *TRANSLATED}


def row(name: str, key: Key) -> str:
    note = f"{key.note} {key.remedy}".strip() if key.fate != "honoured" else key.note
    return f"| `{name}` | {key.fate} | {note} |"


@pytest.mark.parametrize("heading", TABLES)
def test_documentation(heading: str) -> None:
    documented = DOCS.read_text().split(f"\n### {heading}\n")[1].split("\n### ")[0]
    rows = [line for line in documented.splitlines() if line.startswith("| `")]
    assert rows == [row(name, key) for name, key in TABLES[heading].keys.items()]


def test_every_table_of_the_documentation_is_compared() -> None:
    assert re.findall(r"^### (.*)$", DOCS.read_text(), re.MULTILINE) == list(TABLES)


@pytest.mark.parametrize("name", [n for n in SPECIFIED if SERVICE.keys[n].fate == "refused"])
def test_refused_keys_are_errors(name: str) -> None:
    result = parsed({"compose.yaml": f"services: {{web: {{image: x, {name}: {{a: b}}}}}}"})
    found = [d for d in result.diagnostics if d.severity == "error"]
    assert [d.summary for d in found] == ["Not supported"]
    assert name in found[0].detail
    assert found[0].remedy
