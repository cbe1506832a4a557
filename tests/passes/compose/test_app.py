"""The App behind a declaration: what the canonical form does not show."""

from __future__ import annotations

import base64
from math import inf

import pytest
from declaration import FOLDER, digest, parsed

from moot.model.app import (
    App,
    Attachment,
    Component,
    Connection,
    Dependency,
    FileMount,
    Healthcheck,
    Limits,
    Mount,
    Needs,
    Port,
    Process,
    Restart,
    Update,
)
from moot.model.value import Ref, Secret, Text
from moot.passes.parse import Executable, Parsed


def app(text: str, **files: str | bytes | Executable) -> App:
    found = parsed({"compose.yaml": text, **files}).app
    assert found is not None, parsed({"compose.yaml": text, **files}).diagnostics
    return found


def web(keys: str) -> Component:
    return app(f"services: {{web: {{image: x, {keys}}}}}").components[0]


def warnings(result: Parsed) -> list[str]:
    return [f"{d.summary}: {d.detail}" for d in result.diagnostics if d.severity == "warning"]


def test_components_keep_their_order() -> None:
    found = app("services: {b: {image: x}, a: {image: y}}")
    assert [component.name for component in found.components] == ["b", "a"]


def test_defaults() -> None:
    component = web("")
    assert component.replicas == 1
    assert component.networks == (Attachment(network="default"),)
    assert component.restart == Restart()
    assert component.update == Update(parallelism=1, order="start-first")
    assert component.stop_grace_s == 10
    assert component.container is not None
    assert component.container.command is None
    assert component.container.options == {}


@pytest.mark.parametrize(
    ("text", "gpus", "numbers"),
    [
        ("gpus: [{count: 2}]", 2, ()),
        ('gpus: [{device_ids: ["1", "0"]}]', 2, (0, 1)),
        ('gpus: [{device_ids: [GPU-9d]}, {device_ids: ["1"]}]', 2, ()),
        ("gpus: all", inf, ()),
        ("gpus: [{count: 2, capabilities: [tpu]}]", 0, ()),
        ("gpus: [{count: 2}], x-moot: {gpu: 0.25}", 0.25, ()),
        ('gpus: [{device_ids: ["1"]}], x-moot: {gpu: 3}', 3, ()),
        ("x-moot: {gpu: all}", inf, ()),
    ],
)
def test_gpus_are_counted(text: str, gpus: float, numbers: tuple[int, ...]) -> None:
    needs = web(text).needs
    assert (needs.gpus, needs.gpu_numbers) == (gpus, numbers)
    assert needs.traits == ({"device:tpu"} if "tpu" in text else {"gpu"})


def test_needs_and_limits() -> None:
    component = web(
        "deploy: {resources: {limits: {cpus: '1.5', memory: 1g, pids: 50}, reservations: "
        "{cpus: 0.25, memory: 10000k, devices: [{capabilities: [gpu], driver: nvidia}]}}}"
    )
    kind = frozenset({"gpu:nvidia"})
    assert component.needs == Needs(cpu=0.25, memory_mib=10, gpus=inf, traits=kind)
    assert component.limits == Limits(cpu=1.5, memory_mib=1024, pids=50)
    assert component.container is not None
    assert component.container.options["gpus"] == [
        {"capabilities": ["gpu"], "driver": "nvidia", "count": "all"}
    ]


def test_older_keys_for_needs_and_limits() -> None:
    component = web("cpus: 2, mem_limit: 64m, mem_reservation: 32m, pids_limit: -1")
    assert component.needs == Needs(memory_mib=32)
    assert component.limits == Limits(cpu=2, memory_mib=64)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("restart: always", Restart(condition="always")),
        ("restart: 'no'", Restart()),
        ("restart: on-failure:3", Restart(condition="on-failure", attempts=3)),
        ("restart: unless-stopped", Restart(condition="unless-stopped")),
        ("deploy: {restart_policy: {}}", Restart(condition="always")),
        ("restart: always, deploy: {restart_policy: {condition: none}}", Restart()),
        (
            "deploy: {restart_policy: {condition: on-failure, max_attempts: 2, delay: 5s}}",
            Restart(condition="on-failure", attempts=2, delay_s=5),
        ),
    ],
)
def test_restart(keys: str, expected: Restart) -> None:
    assert web(keys).restart == expected


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("{test: curl x}", Healthcheck(test=("CMD-SHELL", "curl x"))),
        ("{test: [CMD-SHELL, a b]}", Healthcheck(test=("CMD-SHELL", "a b"))),
        (
            "{test: [CMD, a, b], interval: 5s, timeout: 1m, retries: 9, start_period: 2s}",
            Healthcheck(test=("a", "b"), interval_s=5, timeout_s=60, retries=9, start_period_s=2),
        ),
        ("{test: NONE}", None),
        ("{test: [NONE]}", None),
        ("{test: [CMD, a], disable: true}", None),
    ],
)
def test_healthcheck(check: str, expected: Healthcheck | None) -> None:
    assert web(f"healthcheck: {check}").healthcheck == expected


def test_an_image_keeps_or_loses_its_own_health_check() -> None:
    for check, option in (
        ("{disable: true}", {"test": ["NONE"]}),
        ("{interval: 5s}", {"interval": "5s"}),
    ):
        component = web(f"healthcheck: {check}")
        assert component.healthcheck is None
        assert component.container is not None
        assert component.container.options["healthcheck"] == option


def test_ports() -> None:
    ports = web("ports: ['8000-8001:80-81', '127.0.0.1::53/udp'], expose: ['9000-9001', 80]")
    assert ports.ports == (
        Port(target=80, published=8000),
        Port(target=81, published=8001),
        Port(target=53, address="127.0.0.1", protocol="udp"),
    )
    assert ports.expose == (9000, 9001, 80)
    assert ports.targets == (80, 81, 53, 9000, 9001)


def test_mounts() -> None:
    found = app(
        """
        services:
          web:
            image: x
            volumes:
              - data:/data:ro
              - /var/cache
              - ./src:/src
              - {type: tmpfs, target: /t, tmpfs: {size: 10M, mode: 0700}}
            tmpfs: /run:size=64k,uid=3
        volumes: {data: {name: real}, gone: {external: true}}
        """
    )
    assert found.components[0].mounts == (
        Mount(kind="volume", target="/data", source="data", read_only=True),
        Mount(kind="volume", target="/var/cache", source="web_var_cache"),
        Mount(
            kind="bind",
            target="/src",
            source=f"{FOLDER}/src",
            options={"create_host_path": True},
        ),
        Mount(kind="tmpfs", target="/t", size_mib=10, options={"mode": "0700"}),
        Mount(kind="tmpfs", target="/run", size_mib=1, options={"uid": "3"}),
    )
    volumes = {volume.name: volume for volume in found.volumes}
    assert volumes.keys() == {"data", "gone", "web_var_cache"}
    assert volumes["data"].real_name == "real"
    assert volumes["gone"].external
    assert volumes["gone"].real_name == "gone"
    assert volumes["web_var_cache"].real_name is None


def test_read_only_binds_below_the_folder_travel() -> None:
    found = app(
        "services: {web: {image: x, volumes: ['./conf:/etc/x:ro', './one.sh:/one.sh:ro',"
        " './none:/none:ro', '/etc/hosts:/h:ro', './w:/w']}}",
        **{
            "conf/a.conf": "a",
            "conf/sub/b.bin": b"\xff\x00",
            "one.sh": Executable(b"#!"),
            "w/x": "stays",
        },
    )
    component = found.components[0]
    assert component.files == (
        FileMount(source="bind/conf/a.conf", target="/etc/x/a.conf"),
        FileMount(source="bind/conf/sub/b.bin", target="/etc/x/sub/b.bin"),
        FileMount(source="bind/one.sh", target="/one.sh", mode=0o555),
    )
    assert [mount.target for mount in component.mounts] == ["/none", "/h", "/w"]
    contents = {file.name: (file.encoding, file.content) for file in found.files}
    assert contents == {
        "bind/conf/a.conf": ("utf-8", "a"),
        "bind/conf/sub/b.bin": ("base64", base64.b64encode(b"\xff\x00").decode()),
        "bind/one.sh": ("utf-8", "#!"),
    }


def test_a_large_folder_stays_a_bind() -> None:
    found = app(
        "services: {web: {image: x, volumes: ['./big:/big:ro']}}",
        **{"big/a": b"x" * 9_000_000, "big/b": b"x" * 9_000_000},
    )
    assert found.files == ()
    assert found.components[0].mounts[0].kind == "bind"


def test_secrets_are_not_in_the_app() -> None:
    result = parsed(
        {
            "compose.yaml": "services: {web: {image: x, secrets: [key], configs: [{source: c, "
            "target: /c, mode: 0600}]}}\nsecrets: {key: {file: key.txt}}\n"
            "configs: {c: {content: 'v=$$1'}}",
            "key.txt": b"hunter2",
        }
    )
    assert result.app is not None
    secret = Secret("key", digest(b"hunter2"))
    assert result.secrets == {secret: b"hunter2"}
    assert {file.name: file.content for file in result.app.files} == {
        "config/c": "v=$1",
        "secret/key": secret,
    }
    assert result.app.components[0].files == (
        FileMount(source="config/c", target="/c", mode=0o600),
        FileMount(source="secret/key", target="/run/secrets/key"),
    )
    assert "hunter2" not in repr(result)


def test_references_become_refs() -> None:
    found = app(
        """
        name: shop
        x-moot: {resources: {pics: {type: aws.s3_bucket, venue: aws, properties: {n: 1}}}}
        services:
          web:
            environment: {ONE: "${moot:pics.arn}", TWO: "s3://${moot:pics.a.b}/$$x"}
            x-moot: {process: [run, "--to=${moot:pics.arn}", $PORT]}
          list:
            image: x
            environment: ["ONE=${moot:pics.arn}", "TWO=${moot:pics.arn}!"]
        """
    )
    address = "shop@aws/resource/pics"
    assert found.components[0].environment == {
        "ONE": Ref(address, "arn"),
        "TWO": Text(("s3://", Ref(address, "a.b"), "/$x")),
        "MOOT_PICS_ARN": Ref(address, "arn"),
    }
    assert found.components[0].process == Process(command=("run", "--to=${MOOT_PICS_ARN}", "$PORT"))
    assert found.components[1].environment == {
        "ONE": Ref(address, "arn"),
        "TWO": Text((Ref(address, "arn"), "!")),
    }


def test_dependencies_and_connections() -> None:
    found = app(
        """
        services:
          web:
            image: x
            networks: [a, b]
            depends_on:
              db: {condition: service_healthy, restart: true}
              job: {condition: service_completed_successfully, required: false}
          db: {image: x, networks: [b, c]}
          job: {image: x, networks: [c]}
        networks: {a: , b: , c: {internal: true}}
        """
    )
    assert found.components[0].depends_on == (
        Dependency(component="db", condition="healthy", restart=True),
        Dependency(component="job", condition="completed", required=False),
    )
    assert found.connections == (Connection(source="web", target="db", network="b"),)
    assert [n.name for n in found.networks if n.internal] == ["c"]


def test_real_names() -> None:
    found = app(
        "services: {web: {image: x, networks: [a, b, c]}}\n"
        "networks: {a: , b: {name: other}, c: {external: true}}"
    )
    assert {n.name: (n.real_name, n.external) for n in found.networks} == {
        "a": (None, False),
        "b": ("other", False),
        "c": ("c", True),
    }


def test_a_process_only_component() -> None:
    component = app("services: {p: {x-moot: {process: 'echo $HOME'}}}").components[0]
    assert component.container is None
    assert component.process == Process(command=("/bin/sh", "-c", "echo $HOME"))


def test_carried_keys_are_named_once_per_file() -> None:
    result = parsed(
        {
            "compose.yaml": "services: {a: {image: x, develop: {}}, b: {image: x, develop: {}, "
            "x-moot: {backup: {every: 1h}}}}"
        }
    )
    assert result.app is not None
    assert warnings(result) == [
        "Carried, without effect: services.a.develop: Files are not watched; run 'moot up' again.",
        "Carried, without effect: services.b.x-moot.backup: This is not there yet.",
    ]


def test_a_missing_variable_is_one_warning() -> None:
    result = parsed({"compose.yaml": "services: {a: {image: 'x:$TAG', command: '$TAG ${TAG}'}}"})
    assert result.app is not None
    assert warnings(result) == ["Variable not set: TAG is not set; an empty text stands for it."]


def test_the_name() -> None:
    text = "name: ${N:-declared}\nservices: {a: {image: x}}"
    assert parsed({"compose.yaml": text}, name="asked").canonical["name"] == "asked"
    assert parsed({"compose.yaml": text}).canonical["name"] == "declared"
    assert parsed({"compose.yaml": text}, environ={"N": "n"}).canonical["name"] == "n"
    assert parsed({"compose.yaml": text[text.index("\n") :]}).canonical["name"] == "shop"
    environ = {"COMPOSE_PROJECT_NAME": "outer"}
    assert parsed({"compose.yaml": text}, environ=environ).canonical["name"] == "outer"
