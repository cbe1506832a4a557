"""Tables of the keys of `deploy`, `gpus` and `healthcheck`."""

from __future__ import annotations

from moot.passes.compose import short
from moot.passes.compose.record import Key, Listed, Record
from moot.passes.compose.shape import Anything, Number, Word
from moot.passes.compose.simple import (
    COUNT,
    DURATION,
    FLAG,
    PAIRS,
    SIZE,
    TEXT,
    TEXTS,
)
from moot.passes.compose.words import Command

DEVICE_REQUEST = Record(
    "a device request",
    {
        "capabilities": Key(TEXTS, "What the device must be able to do, such as gpu."),
        "driver": Key(TEXT, "Driver, such as nvidia."),
        "count": Key(Number(least=0, words=("all",)), "How many devices, or all."),
        "device_ids": Key(Listed(Word(numbers=True)), "Which devices."),
        "options": Key(PAIRS, "Options of the driver."),
    },
)
DEVICE_REQUESTS = Listed(DEVICE_REQUEST, expand=short.counted)
GPUS = Listed(DEVICE_REQUEST, expand=short.gpus, single=True)

_SWARM = "A key of Docker Swarm that 'docker compose' leaves aside as well."
_ROLLBACK = "A failed update is left as it stands and told; 'moot up' of the older file returns."

_UPDATE = {
    "parallelism": Key(COUNT, "How many replicas are replaced at once; 0 is all."),
    "delay": Key(DURATION, "Pause between two groups of replicas."),
    "order": Key(Word(choices=("start-first", "stop-first")), "What comes first."),
    "failure_action": Key(TEXT, _ROLLBACK, "carried"),
    "monitor": Key(DURATION, _ROLLBACK, "carried"),
    "max_failure_ratio": Key(Number(least=0, most=1, whole=False), _ROLLBACK, "carried"),
}

RESOURCES = Record(
    "'deploy.resources'",
    {
        "limits": Key(
            Record(
                "'limits'",
                {
                    "cpus": Key(Number(least=0, whole=False), "Most cpus a replica may take."),
                    "memory": Key(SIZE, "Most memory a replica may take."),
                    "pids": Key(Number(least=-1), "Most processes in a replica."),
                },
            ),
            "The most a replica may take.",
        ),
        "reservations": Key(
            Record(
                "'reservations'",
                {
                    "cpus": Key(Number(least=0, whole=False), "Cpus a replica must get."),
                    "memory": Key(SIZE, "Memory a replica must get."),
                    "devices": Key(DEVICE_REQUESTS, "Devices a replica must get."),
                    "generic_resources": Key(Anything(list), _SWARM, "carried"),
                },
            ),
            "The least a replica must get.",
        ),
    },
)

DEPLOY = Record(
    "'deploy'",
    {
        "mode": Key(
            Word(choices=("replicated",)), "Only 'replicated': a number of equal replicas."
        ),
        "replicas": Key(COUNT, "How many replicas run."),
        "resources": Key(RESOURCES, "What a replica needs and may take."),
        "restart_policy": Key(
            Record(
                "'restart_policy'",
                {
                    "condition": Key(
                        Word(choices=("none", "on-failure", "any", "always", "unless-stopped")),
                        "When an ended replica is started again.",
                    ),
                    "delay": Key(DURATION, "Pause before starting again."),
                    "max_attempts": Key(COUNT, "How often, at most."),
                    "window": Key(DURATION, "How long it must run to count as started."),
                },
            ),
            "When an ended replica is started again; wins over 'restart'.",
        ),
        "update_config": Key(Record("'update_config'", _UPDATE), "How replicas are replaced."),
        "rollback_config": Key(Record("'rollback_config'", _UPDATE), _ROLLBACK, "carried"),
        "endpoint_mode": Key(TEXT, _SWARM, "carried"),
        "labels": Key(PAIRS, _SWARM, "carried"),
        "placement": Key(
            Anything(dict),
            "Its constraints name labels of Swarm nodes.",
            "carried",
            "Say under 'x-moot' which venues, residency or spread is wanted.",
        ),
    },
)

HEALTHCHECK = Record(
    "'healthcheck'",
    {
        "test": Key(
            Command(kinds=("CMD-SHELL", "CMD", "NONE")), "The command that says it is healthy."
        ),
        "interval": Key(DURATION, "Pause between two probes."),
        "timeout": Key(DURATION, "How long a probe may take."),
        "retries": Key(COUNT, "How many probes in a row must fail."),
        "start_period": Key(DURATION, "How long failing probes do not count after a start."),
        "start_interval": Key(DURATION, "Pause between probes within the start period."),
        "disable": Key(FLAG, "No health check, not even the image's."),
    },
)
