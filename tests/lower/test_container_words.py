"""What a container engine's command line is told of a container."""

import pytest

from moot.provider import ProviderError
from moot.providers.host.container_words import after_image, words


def told(**spec):
    """The words beside the restart policy, which is always said."""
    found = words(spec, lambda source: f"/volumes/{source}")
    at = found.index("--restart")
    return found[:at] + found[at + 2 :]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"user": "www", "working_dir": "/srv"}, ["--user", "www", "--workdir", "/srv"]),
        ({"stop_grace_s": 0.2}, ["--stop-timeout", "1"]),
        ({"stop_signal": "SIGTERM"}, []),
        ({"entrypoint": ["a", "b"]}, ["--entrypoint", "a"]),
        ({"entrypoint": []}, ["--entrypoint", ""]),
        ({"limits": {"cpu": 0.5, "memory_mib": 64}}, ["--cpus", "0.5", "--memory", "64m"]),
        ({"options": {"init": True, "read_only": False}}, ["--init"]),
        ({"options": {"ulimits": {"nofile": {"soft": 1, "hard": 2}}}}, ["--ulimit", "nofile=1:2"]),
        (
            {"options": {"devices": [{"source": "/dev/fuse", "permissions": "r"}]}},
            ["--device", "/dev/fuse:/dev/fuse:r"],
        ),
        (
            {"options": {"gpus": [{"device_ids": ["0", "2"], "capabilities": ["gpu"]}]}},
            ["--gpus", '"device=0,2"'],
        ),
        ({"options": {"gpus": [{"count": "all"}]}}, ["--gpus", "all"]),
        ({"options": {"healthcheck": {"test": ["NONE"]}}}, ["--no-healthcheck"]),
        (
            {"mounts": [{"kind": "volume", "source": "data", "target": "/d", "read_only": True}]},
            ["--mount", "type=bind,source=/volumes/data,target=/d,readonly"],
        ),
        (
            {"mounts": [{"kind": "bind", "source": "/a,b", "target": "/d"}]},
            ["--mount", 'type=bind,"source=/a,b",target=/d'],
        ),
        (
            {"mounts": [{"kind": "tmpfs", "target": "/t", "size_mib": 4}]},
            ["--mount", "type=tmpfs,target=/t,tmpfs-size=4m"],
        ),
    ],
    ids=str,
)
def test_words(spec, expected):
    assert told(**spec) == expected


def test_a_check_of_words_is_quoted_for_the_shell_that_runs_it():
    times = {"interval_s": 30.0, "timeout_s": 2.5, "retries": 3, "start_period_s": 0.0}
    said = told(healthcheck={"test": ["CMD", "test", "a b"], **times})
    assert said[:2] == ["--health-cmd", "test 'a b'"]
    assert said[said.index("--health-timeout") + 1] == "2.5s"


def test_what_follows_the_image_is_the_rest_of_the_entry_point_and_the_command():
    assert after_image({"entrypoint": ["sh", "-c"], "command": ["date"]}) == ["-c", "date"]


def test_what_no_engine_can_be_told_is_refused_by_name():
    with pytest.raises(ProviderError, match="network_mode") as refused:
        told(options={"network_mode": "host"})
    assert refused.value.code == "InvalidRequest"
    assert "moot venue add" in refused.value.remedy
