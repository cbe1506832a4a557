"""The commands about venues, volumes and this machine."""

from __future__ import annotations

from moot.cli.changing import APPLIED, QUIET
from moot.cli.command import Argument, Command, Option

SHELLS = ("bash", "zsh", "fish")

VENUES = ("venues: name, provider, identity, problems, offerings, quota",)

VENUE_ADD = Command(
    name="venue add",
    run="venue:add",
    help="add a venue to venues.yaml",
    teach=(
        "PROVIDER is the kind of place: host, docker, and whatever else is installed.  What\n"
        "follows are its settings: values are read as YAML, a dotted key makes a nested one.\n"
        "The venues laptop and docker are there without being added."
    ),
    example=(
        "moot venue add remote docker host=ssh://root@build1\n"
        "moot venue add lab host 'hosts=[10.77.0.4, 10.77.0.5]' user=root"
    ),
    answers=VENUES,
    arguments=(
        Argument("NAME", "your name for it"),
        Argument("PROVIDER", "kind of venue", completes="providers"),
        Argument("KEY=VALUE", "a setting of the provider", "*"),
    ),
)

VENUE_LIST = Command(
    name="venue list",
    run="venue:list_all",
    help="list the venues",
    teach="Each with its provider and what is wrong with its settings; none is asked anything.",
    example="moot venue list",
    answers=VENUES,
)

VENUE_CHECK = Command(
    name="venue check",
    run="venue:check",
    help="ask venues who they are and what they offer",
    teach="Prints what keeps a venue from working and what mends it; exits with 1 if one fails.",
    example="moot venue check docker",
    answers=VENUES,
    arguments=(Argument("NAME", "default: all", "*", "venues"),),
)

VENUE_RENAME = Command(
    name="venue rename",
    run="venue:rename",
    help="give a venue another name; what runs there stays",
    teach="Addresses that name the venue are rewritten in one transaction; nothing is restarted.",
    example="moot venue rename lab basement",
    answers=("venues: name",),
    arguments=(
        Argument("OLD", "its name now", completes="venues"),
        Argument("NEW", "its name from now on"),
    ),
    exits=(0, 1, 2, 4),
)

VENUE_REMOVE = Command(
    name="venue remove",
    run="venue:remove",
    help="take a venue out of venues.yaml",
    teach="Refused while something of ours stands there: take it down first.",
    example="moot venue remove lab",
    answers=("venues: name",),
    arguments=(Argument("NAME", "which venue", completes="venues"),),
    exits=(0, 1, 2, 4),
)

OFFERINGS_REFRESH = Command(
    name="offerings refresh",
    run="refresh:refresh",
    help="ask the vendors for their prices of today",
    teach=(
        "Reads the public interfaces of Amazon and Microsoft, which need no account, and that of\n"
        "Google where MOOT_PRICES_GCP_KEY is an API key.  It does so a region at a time; moot\n"
        "offerings and moot compare use what came from then on.  The lists of Amazon have some\n"
        "hundred megabytes for each region: --region keeps that down.  What has come is kept at\n"
        "once, and a list that has not changed is not loaded again: the same command goes on\n"
        "where it was ended.  Proxies are those of https_proxy and no_proxy.  It exits with 1\n"
        "where a region failed.  docs/offerings.md says what is asked, and of whom."
    ),
    example=(
        "moot offerings refresh --region 'eu-*' --region '*europe'\n"
        "moot offerings refresh --vendor azure --json\n"
        "moot offerings refresh --forget"
    ),
    answers=("regions: vendor, region, outcome, priced, types, reason", "forgotten"),
    options=(
        Option("--vendor", "only such vendors; repeatable", "PATTERN", True),
        Option("--region", "only such regions; repeatable", "PATTERN", True),
        Option("--forget", "go back to the prices that come with moot"),
    ),
    exits=(0, 1, 2, 130),
)

FACTS = Command(
    name="facts",
    run="machines:facts",
    help="say what machines are and what they have free",
    teach=(
        "Of all venues that are machines, or of those named; a pool's name means all of its\n"
        "machines.  --json has everything, also what components may ask for as traits.  Exits\n"
        "with 1 if one does not answer."
    ),
    example="moot facts\nmoot facts lab --json",
    answers=(
        "machines: venue, host, system, kernel, architecture, cpus, load, memory_mib, "
        "memory_free_mib, disk_mib, disk_free_mib, gpus, address, identity, user, python, up_s, "
        "writable, traits",
    ),
    arguments=(Argument("VENUE", "machine or pool; default: all", "*", "venues"),),
    exits=(0, 1, 2),
)

RUN = Command(
    name="run",
    run="machines:run",
    help="run a command on machines, all at once",
    teach=(
        "VENUES are machines or pools, separated by commas.  Every line stands behind the name\n"
        "of its machine as it comes; with --collect all is printed at the end, and those that\n"
        "said the same stand together.  Everything after VENUES belongs to the command; write\n"
        "sh -c '...' for pipes.  Ctrl-C ends it on every machine.  Exits with 1 where it failed\n"
        "or was not done on one of them."
    ),
    example=(
        "moot run lab -- uptime\n"
        "moot run --collect lab:10.77.0.1,lab:10.77.0.2 -- sh -c 'dpkg -l | grep nginx'"
    ),
    answers=("runs: venue, exit_code, elapsed_s, stdout, stderr",),
    arguments=(
        Argument("VENUES", "machines or pools, separated by commas", completes="venues"),
        Argument("COMMAND", "the command and its arguments", "+"),
    ),
    options=(
        Option("--collect", "print at the end, alike outputs together"),
        Option("--timeout", "end it after this long (90s, 10m)", "DURATION"),
    ),
    exits=(0, 1, 2, 130),
    rest=True,
)

MACHINE_USER_DATA = Command(
    name="machine user-data",
    run="machine:user_data",
    help="print first-boot data that makes a new machine one of yours",
    teach=(
        "A document for cloud-init, which virtual machines of every cloud and most installers\n"
        "take, or for Ignition.  It makes the users, lets your public key in and sees to Python.\n"
        "With --host-key the machine gets that key, so that you know it before it first answers;\n"
        "then the document holds a secret.  docs/machines.md says more."
    ),
    example=(
        "moot machine user-data > user-data\n"
        "moot machine user-data --format ignition --user core --ssh-key id.pub --host-key web1.key"
    ),
    answers=("documents: format, text, host_key",),
    options=(
        Option("--format", "cloud-init (default) or ignition", "FORMAT"),
        Option("--hostname", "name of the machine", "NAME"),
        Option("--user", "who may log in and become root; repeatable; default: moot", "NAME", True),
        Option(
            "--ssh-key", "file of public keys; default: your own in ~/.ssh", "FILE", True, "file"
        ),
        Option("--package", "install it, with cloud-init; repeatable", "NAME", True),
        Option("--put", "put a file of yours there; repeatable", "TARGET=SOURCE", True),
        Option("--unit", "systemd unit to enable and start; repeatable", "FILE", True, "file"),
        Option(
            "--host-key", "its private key; made where the file is not there", "FILE", False, "file"
        ),
    ),
    exits=(0, 2),
)

PROVIDER_TEST = Command(
    name="provider test",
    run="provider:test",
    help="put a provider to the test: its contract, crashes and faults",
    teach=(
        "Makes, changes and deletes small Apps at the provider's venue, by hand and through the\n"
        "engine while its process ends or its way to the venue fails, and prints what holds and\n"
        "what does not, with the create class of every type as declared and as observed.  All it\n"
        "makes is removed again.  The verdict is crash-safe (exit 0), not crash-safe, or breaks\n"
        "the contract.  A provider brings a trial for it; docs/writing-a-provider.md shows one."
    ),
    example="moot provider test fake\nmoot provider test docker --type docker.container",
    answers=(
        "types: type, declared, observed",
        "checks: group, check, type, outcome, problem, elapsed_s",
        "verdict",
    ),
    arguments=(Argument("NAME", "kind of provider", completes="providers"),),
    options=(Option("-t --type", "only this type; repeatable", "TYPE", True),),
)

VOLUME_LS = Command(
    name="volume ls",
    run="volume:list_all",
    help="list volumes and what uses them",
    teach="Volumes outlive replicas, moves and moot down.",
    example="moot volume ls --all",
    answers=("volumes: name, address, venue, identifier, used_by",),
    options=(Option("-a --all", "of every App, not only this one"),),
)

VOLUME_RM = Command(
    name="volume rm",
    run="volume:remove",
    help="delete volumes and the data in them",
    teach="Refused while something uses the volume.  What is deleted is gone.",
    example="moot volume rm data",
    answers=APPLIED,
    arguments=(Argument("NAME", "as moot volume ls prints it", "+", "volumes"),),
    options=(QUIET,),
    exits=(0, 1, 2, 4, 5, 130),
)

SECRET_LS = Command(
    name="secret ls",
    run="secret:list_all",
    help="list secrets whose content is kept, and who uses them",
    teach=(
        "Never prints a content.  A version is a keyed digest of it: the same content has the\n"
        "same version.  Contents are kept, encrypted, for what runs and for moot undo;\n"
        "docs/secrets.md says how long."
    ),
    example="moot secret ls\nmoot secret ls --all --json",
    answers=("secrets: app, name, version, origin, used_by, declared_at",),
    options=(Option("-a --all", "of every App, not only this one"),),
)

SECRET_FORGET = Command(
    name="secret forget",
    run="secret:forget",
    help="drop what is kept of secrets",
    teach=(
        "Replicas keep the copies they were given, and the next moot up asks where the secret\n"
        "comes from, as always.  An undo then needs the former content there again."
    ),
    example="moot secret forget db_password",
    answers=("secrets: name, version",),
    arguments=(Argument("NAME", "as moot secret ls prints it", "+"),),
    exits=(0, 1, 2, 4, 5),
)

DOCTOR = Command(
    name="doctor",
    run="look:doctor",
    help="say what this machine lacks, and the command that mends it",
    teach="Exits with 1 when something that moot cannot do without is missing.",
    example="moot doctor",
    answers=("checks: name, ok, required, detail, remedy, extra",),
    exits=(0, 1),
)

COMPLETION = Command(
    name="completion",
    run="completion:completion",
    help="print a completion script for a shell",
    teach="Completes commands, options, and the names of components, replicas, volumes and venues.",
    example=(
        "moot completion bash > /etc/bash_completion.d/moot\n"
        'moot completion zsh > "${fpath[1]}/_moot"\n'
        "moot completion fish > ~/.config/fish/completions/moot.fish"
    ),
    answers=("scripts: shell, text",),
    arguments=(Argument("SHELL", "bash, zsh or fish", choices=SHELLS),),
    exits=(0, 2),
)

VERSION = Command(
    name="version",
    run="config:version",
    help="print the version",
    teach="The same as moot --version.",
    example="moot version --json",
    answers=("versions: name, version",),
    exits=(0,),
)

PROVIDING = (
    VENUE_ADD,
    VENUE_LIST,
    VENUE_CHECK,
    VENUE_RENAME,
    VENUE_REMOVE,
    OFFERINGS_REFRESH,
    FACTS,
    RUN,
    MACHINE_USER_DATA,
    PROVIDER_TEST,
    VOLUME_LS,
    VOLUME_RM,
    SECRET_LS,
    SECRET_FORGET,
    DOCTOR,
    COMPLETION,
    VERSION,
)
