"""Every command, the options they share, and what the exit codes mean, once and for all."""

from __future__ import annotations

from moot.cli.changing import CHANGING
from moot.cli.command import Command, Option
from moot.cli.keeping import KEEPING
from moot.cli.looking import LOOKING
from moot.cli.providing import PROVIDING

COMMANDS: tuple[Command, ...] = (*CHANGING, *LOOKING, *KEEPING, *PROVIDING)

GROUPS = (
    ("Run an App", CHANGING),
    ("Look", LOOKING),
    ("Undo, recover and tidy up", KEEPING),
    ("Venues, volumes and this machine", PROVIDING),
)

COMMON = (
    Option("-f --file", "compose file; repeat to merge several", "FILE", True, "file"),
    Option("-p --project-name", "name of the App", "NAME", completes="apps"),
    Option("--profile", "also take components of this profile; repeatable", "NAME", True),
    Option(
        "--env-file", "read variables from FILE instead of .env; repeatable", "FILE", True, "file"
    ),
    Option(
        "--project-directory", "folder that relative paths start from", "DIR", completes="folder"
    ),
    Option("--venue", "use only this venue or pool; repeatable", "VENUE", True, "venues"),
    Option("--json", "one JSON object on stdout, for programs"),
    Option("-h --help", "show what a command does"),
)

EXIT_CODES = {
    0: "done",
    1: "failed; what stands is said",
    2: "bad input or usage; nothing was changed",
    3: "changes are pending (plan --exit-code only)",
    4: "refused: a rule, a budget, no place that can take it, or a database in doubt",
    5: "held by another moot",
    130: "interrupted; the same command goes on from there",
}


def find(name: str) -> Command | None:
    """The command of that full name, such as `up` or `venue add`."""
    return next((command for command in COMMANDS if command.name == name), None)


def members(group: str) -> list[Command]:
    """The commands that start with the word `group`, such as `venue`."""
    return [command for command in COMMANDS if command.name.startswith(f"{group} ")]
