"""The commands that run an App and change what stands."""

from __future__ import annotations

from moot.cli.command import Argument, Command, Option

QUIET = Option("-q --quiet", "print nothing but warnings and errors")

CHANGES = "changes: verb, address, incarnation, type, venue, reason, replaces, possible"
FINDINGS = "findings: rule, address, problem, remedy, severity"

MAX_AGE = Option("--max-age", "do not ask again for what is known and younger", "DURATION")

# What every command that carries out a plan answers.
APPLIED = (
    CHANGES,
    "replicas: replica, component, venue, offering, status, endpoints, since, detail, observed_at",
    "done, dropped, interrupted, standing, kept_volumes, elapsed_s",
)

UP = Command(
    name="up",
    run="apply:up",
    help="make what runs equal to the compose file",
    teach=(
        "Reads the compose file, decides where every replica runs, shows the plan, and carries\n"
        "it out: only what differs is touched.  It ends when every component is healthy, or has\n"
        "completed where it is a one-shot.  When it fails or is interrupted it says what stands,\n"
        "and running it again finishes the work.  Ctrl-C once lets what is in flight finish,\n"
        "twice stops at once.  Volumes are never deleted by it."
    ),
    example="moot up\nmoot -f compose.yaml -f production.yaml up --venue docker",
    answers=APPLIED,
    options=(
        Option("-d --detach", "for hands used to docker compose: up never stays attached"),
        MAX_AGE,
        QUIET,
    ),
    exits=(0, 1, 2, 4, 5, 130),
)

PLAN = Command(
    name="plan",
    run="plan:plan",
    help="show what up would do, and where, and why there",
    teach=(
        "Changes nothing.  + will be created, ~ updated in place, - deleted, -/+ replaced by a\n"
        'new one.  "known after apply" names what depends on something that is not made yet.\n'
        "The second part says where each replica goes, at what price, and why not elsewhere; the\n"
        "last lines what it costs, how available it is, and what the worst single failure does."
    ),
    example="moot plan\nmoot plan --exit-code || echo 'something is to be done'",
    answers=(
        CHANGES,
        "cost: hourly, monthly, kinds, currency, floor, components, before, budget, unpriced, "
        "unmetered, priced",
        "availability: promised, least, most, components, unknown, limit",
        "headroom: level, kept, shortfalls, waits, unchecked, relies",
        "worst_failure: lost, stays, moves, starts, ends, waits, stops, lacks, down, reasons, "
        "refusals, relies",
        "relies: lost, components, control_planes",
        "traffic: gb_monthly, stays, could, between",
        FINDINGS,
    ),
    options=(Option("--exit-code", "exit with 3 when changes are pending"), MAX_AGE),
    exits=(0, 1, 2, 3, 4),
)

DOWN = Command(
    name="down",
    run="apply:down",
    help="remove the App; volumes stay",
    teach=(
        "Deletes everything that was made for the App, dependents first.  Volumes and the data in\n"
        "them stay unless --volumes is given.  With -p it needs no compose file."
    ),
    example="moot down\nmoot -p shop down --volumes",
    answers=APPLIED,
    options=(
        Option("-v --volumes", "delete the App's volumes too, and the data in them"),
        QUIET,
    ),
    exits=(0, 1, 2, 4, 5, 130),
)

EXEC = Command(
    name="exec",
    run="execute:execute",
    help="run a command inside a replica",
    teach=(
        "Runs in the environment of the replica: in its container, or beside its process with the\n"
        "same variables, folder and user.  A component's name means its first replica.  The exit\n"
        "code is the command's own.  Options for moot stand before REPLICA."
    ),
    example="moot exec db psql -U postgres\nmoot exec -T web/1 env > web-1.env",
    arguments=(
        Argument("REPLICA", "such as web/0, or web for its first", completes="replicas"),
        Argument("COMMAND", "the command and its arguments", "+"),
    ),
    options=(
        Option("-T --no-tty", "do not connect a terminal (the default where there is none)"),
        Option("-e --env", "set a variable, or pass on this shell's", "NAME[=VALUE]", True),
        Option("-w --workdir", "folder to run it in", "DIR"),
        Option("-u --user", "user to run it as", "USER"),
    ),
    exits=(0, 1, 2),
    rest=True,
)

CHANGING = (UP, PLAN, DOWN, EXEC)
