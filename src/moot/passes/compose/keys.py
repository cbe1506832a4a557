"""The keys of a service, all 92 of the Compose specification: honoured, refused or carried."""

from __future__ import annotations

from moot.passes.compose import deploy_keys as d
from moot.passes.compose import sections as s
from moot.passes.compose import simple as p
from moot.passes.compose.moot_keys import COMPONENT_MOOT
from moot.passes.compose.record import Key, Listed, Mapped, Record
from moot.passes.compose.shape import Anything, Checked, File, Number, Size, Word
from moot.passes.compose.words import Command, Pairs

_WINDOWS = "It concerns Windows containers only."
_HOOKS = "Commands beside a replica's own are not run yet."
_MODELS = "No venue offers models yet."

_SERVICE_KEYS = {
    "annotations": Key(p.PAIRS, "Annotations of the container."),
    "attach": Key(p.FLAG, "'moot up' does not follow logs; see 'moot logs -f'.", "carried"),
    "blkio_config": Key(s.BLKIO, "Limits of disk traffic."),
    "build": Key(s.BUILD, "How to build the image."),
    "cap_add": Key(p.TEXTS, "Kernel capabilities to add."),
    "cap_drop": Key(p.TEXTS, "Kernel capabilities to drop."),
    "cgroup": Key(Word(choices=("host", "private")), "Cgroup namespace."),
    "cgroup_parent": Key(p.TEXT, "Parent cgroup."),
    "command": Key(Command(), "Command that replaces the image's."),
    "configs": Key(s.CONFIGS, "Configs the component gets as files."),
    "container_name": Key(
        Word(pattern=r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", means="a container name"),
        "Fixed name of the container; for one replica only.",
    ),
    "cpu_count": Key(Number(least=0), _WINDOWS, "carried", "Use 'cpus'."),
    "cpu_percent": Key(Number(least=0, most=100, whole=False), _WINDOWS, "carried", "Use 'cpus'."),
    "cpu_period": Key(Number(least=0), "Period of the CPU quota, in microseconds."),
    "cpu_quota": Key(Number(least=-1), "CPU time per period, in microseconds."),
    "cpu_rt_period": Key(Number(least=0), "Period of the real-time quota."),
    "cpu_rt_runtime": Key(Number(least=0), "Real-time CPU time per period."),
    "cpu_shares": Key(Number(least=0), "Weight among containers."),
    "cpus": Key(Number(least=0, whole=False), "Most cpus a replica may take."),
    "cpuset": Key(Word(numbers=True), "Which cpus it may run on."),
    "credential_spec": Key(Anything(dict), _WINDOWS, "refused", "Remove it, or use Linux images."),
    "depends_on": Key(s.DEPENDS_ON, "Components that must be there first."),
    "deploy": Key(d.DEPLOY, "Replicas, needs, limits, restarts and updates."),
    "develop": Key(Anything(dict), "Files are not watched; run 'moot up' again.", "carried"),
    "device_cgroup_rules": Key(p.TEXTS, "Rules of the device cgroup."),
    "devices": Key(s.DEVICES, "Devices of the machine in the container."),
    "dns": Key(p.TEXT_OR_TEXTS, "Name servers."),
    "dns_opt": Key(p.TEXTS, "Options of the resolver."),
    "dns_search": Key(p.TEXT_OR_TEXTS, "Search domains."),
    "domainname": Key(p.TEXT, "Domain name of the container."),
    "entrypoint": Key(Command(), "Entry point that replaces the image's."),
    "env_file": Key(s.ENV_FILES, "Files with environment variables."),
    "environment": Key(Pairs(inherit=True, refs=True), "Environment variables."),
    "expose": Key(
        Listed(
            Checked(
                Word(numbers=True, pattern=r"[0-9]{1,5}(-[0-9]{1,5})?(/[a-z]+)?", means="a port"),
                lambda text: all(0 < int(n) < 65536 for n in text.partition("/")[0].split("-")),
                "a port from 1 to 65535",
            )
        ),
        "Ports it listens on for other components.",
    ),
    "extends": Key(s.EXTENDS, "Another component to start from."),
    "external_links": Key(
        p.TEXTS,
        "It reaches containers outside the App by their names, past every App's borders.",
        "refused",
        "Join both to an external network and use the name there.",
    ),
    "extra_hosts": Key(s.EXTRA_HOSTS, "Further lines of /etc/hosts."),
    "gpus": Key(d.GPUS, "GPUs a replica must get."),
    "group_add": Key(Listed(Word(numbers=True)), "Further groups of the user."),
    "healthcheck": Key(d.HEALTHCHECK, "How it says that it is healthy."),
    "hostname": Key(p.TEXT, "Host name of the container."),
    "image": Key(p.TEXT, "Image to run."),
    "init": Key(p.FLAG, "Run an init process that reaps children."),
    "ipc": Key(p.TEXT, "IPC namespace: host, private, shareable, none, service:NAME."),
    "isolation": Key(p.TEXT, "Isolation technology of the engine."),
    "label_file": Key(Listed(File(), single=True), "Files with labels."),
    "labels": Key(p.PAIRS, "Labels of the container."),
    "links": Key(p.TEXTS, "Components to reach by further names; a dependency as well."),
    "logging": Key(s.LOGGING, "Docker's logging driver."),
    "mac_address": Key(p.TEXT, "Hardware address of the container."),
    "mem_limit": Key(p.SIZE, "Most memory a replica may take."),
    "mem_reservation": Key(p.SIZE, "Memory a replica must get."),
    "mem_swappiness": Key(Number(least=-1, most=100), "How readily the kernel swaps."),
    "memswap_limit": Key(Size(words=("-1",)), "Most memory and swap together."),
    "models": Key(Mapped(Anything(dict), listed=lambda node: node.but({})), _MODELS, "carried"),
    "network_mode": Key(p.TEXT, "host, none, bridge or service:NAME instead of networks."),
    "networks": Key(s.NETWORKS, "Networks it is in; those who share one may connect."),
    "oom_kill_disable": Key(p.FLAG, "Do not kill it when memory runs out."),
    "oom_score_adj": Key(Number(least=-1000, most=1000), "How soon it is killed for memory."),
    "pid": Key(p.TEXT, "PID namespace: host or service:NAME."),
    "pids_limit": Key(Number(least=-1), "Most processes in a replica."),
    "platform": Key(p.TEXT, "Platform of the image, such as linux/arm64."),
    "ports": Key(s.PORTS, "Ports published on the machine."),
    "post_start": Key(s.HOOKS, _HOOKS, "carried"),
    "pre_stop": Key(s.HOOKS, _HOOKS, "carried"),
    "privileged": Key(p.FLAG, "All rights of the machine's root."),
    "profiles": Key(p.TEXTS, "Profiles it belongs to; without an active one it is left out."),
    "provider": Key(
        Anything(dict),
        "A program of somebody else would make it, outside plan and history.",
        "refused",
        "Declare it as a native resource under 'x-moot.resources'.",
    ),
    "pull_policy": Key(
        Word(
            pattern=r"always|never|build|if_not_present|missing|refresh|daily|weekly"
            r"|every_([0-9]+[wdhms])+",
            means="always, never, missing, build, daily, weekly or every_<duration>",
        ),
        "When the image is pulled.",
    ),
    "pull_refresh_after": Key(p.TEXT, "Use 'pull_policy: every_<duration>'.", "carried"),
    "read_only": Key(p.FLAG, "Read-only root file system."),
    "restart": Key(
        Word(
            pattern=r"no|always|unless-stopped|on-failure(:[0-9]{1,6})?",
            means="no, always, unless-stopped or on-failure[:times]",
        ),
        "When an ended replica is started again.",
    ),
    "runtime": Key(p.TEXT, "OCI runtime."),
    "scale": Key(p.COUNT, "How many replicas run."),
    "secrets": Key(s.SECRETS, "Secrets the component gets as files."),
    "security_opt": Key(p.TEXTS, "Security options of the engine."),
    "shm_size": Key(p.SIZE, "Size of /dev/shm."),
    "stdin_open": Key(p.FLAG, "Keep standard input open."),
    "stop_grace_period": Key(p.DURATION, "How long it may take to stop."),
    "stop_signal": Key(
        Word(
            pattern=r"(SIG)?[A-Z][A-Z0-9+-]*|[1-9]|[1-5][0-9]|6[0-4]",
            means="a signal such as SIGTERM",
            numbers=True,
        ),
        "Signal that asks it to stop.",
    ),
    "storage_opt": Key(p.OPTIONS, "Options of the storage driver."),
    "sysctls": Key(p.PAIRS, "Kernel parameters of its namespaces."),
    "tmpfs": Key(
        Listed(p.TEXT, identity=lambda node: str(node.value).partition(":")[0], single=True),
        "Temporary file systems in memory.",
    ),
    "tty": Key(p.FLAG, "Allocate a terminal."),
    "ulimits": Key(s.ULIMITS, "Limits of the shell."),
    "use_api_socket": Key(
        p.FLAG,
        "It hands the engine's socket and the user's registry passwords to the component.",
        "refused",
        "Bind /var/run/docker.sock where that is really wanted.",
    ),
    "user": Key(Word(numbers=True), "User it runs as."),
    "userns_mode": Key(p.TEXT, "User namespace."),
    "uts": Key(p.TEXT, "UTS namespace: host."),
    "volumes": Key(s.VOLUMES, "Volumes, host paths and tmpfs it gets."),
    "volumes_from": Key(
        p.TEXTS,
        "It shares mounts that stand elsewhere, in image and declaration.",
        "refused",
        "Declare a named volume and mount it in both components.",
    ),
    "working_dir": Key(p.TEXT, "Folder it is started in."),
}

SERVICE = Record(
    "a component",
    {**_SERVICE_KEYS, "x-moot": Key(COMPONENT_MOOT, "What Compose cannot say.")},
)
SPECIFIED = tuple(_SERVICE_KEYS)
