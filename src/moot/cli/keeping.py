"""The commands that keep the record true: recover, adopt, forget, sweep and undo."""

from __future__ import annotations

from moot.cli.changing import APPLIED, QUIET
from moot.cli.command import Argument, Command, Option

YES = Option("-y --yes", "do not ask")
ITEMS = (
    "items: address, type, venue, identifier, managed, status, properties, depends_on, "
    "observed_at, incarnation"
)

UNDO = Command(
    name="undo",
    run="undo:undo",
    help="go back to what was declared before the last change",
    teach=(
        "Plans from what stands to the declaration before the last one, from what was kept of it:\n"
        "files, variables and profiles, encrypted.  What cannot be undone is said beforehand:\n"
        "deleted data, jobs that have run.  Secrets get their former contents again; one that\n"
        "was forgotten and has changed since is refused by name.  Undo again to return.  Your\n"
        "files stay as they are: moot up makes what runs equal to them again."
    ),
    example="moot undo --plan\nmoot undo --yes",
    answers=(*APPLIED, "undone: revision, at, cause, lost"),
    options=(Option("--plan", "only show what it would do"), YES, QUIET),
    exits=(0, 1, 2, 4, 5, 130),
)

SWEEP = Command(
    name="sweep",
    run="keep:sweep",
    help="list, and with --delete remove, what moot made and lost sight of",
    teach=(
        "Asks every venue for what carries this installation's marks and is in no inventory.\n"
        "Explained is what the journal knows it made; whatever is not may be another's work, or\n"
        "that of a database that was lost: moot recover takes it on instead.  --delete asks\n"
        "first.  Things that keep data stay unless --volumes is given."
    ),
    example="moot sweep\nmoot sweep --delete --venue docker",
    answers=(
        "strays: address, type, venue, identifier, app, incarnation, explained, keeps_data",
        "deleted",
    ),
    options=(
        Option("--delete", "delete what is listed"),
        Option("-v --volumes", "also what keeps data, and the data in it"),
        YES,
        QUIET,
    ),
    exits=(0, 1, 2, 4, 5, 130),
)

RECOVER = Command(
    name="recover",
    run="keep:recover",
    help="rebuild a lost or restored database from what the venues show",
    teach=(
        "Everything moot makes carries marks.  Recover lists them, shows what is missing in the\n"
        "inventory, asks, and takes it on.  After it the database is trusted again, under a new\n"
        "generation.  A database that was restored from a backup, lost, copied or moved is\n"
        "noticed by itself: until recover every command that would change something refuses.\n"
        "Where the whole of MOOT_HOME is lost, recover says which installations it sees, and\n"
        "--installation takes one of them on.  A venue that does not answer now can be recovered\n"
        "later by the same command."
    ),
    example="moot recover\nmoot recover --installation 3f6c0b0e9d0f4f5e8a7c1c1f0a2b3c4d --yes",
    answers=(ITEMS, "installation, generation, known, doubles, others, why"),
    options=(
        Option("--installation", "whose things to take on, where the id is lost too", "ID"),
        YES,
    ),
    exits=(0, 1, 2, 4, 5),
)

ADOPT = Command(
    name="adopt",
    run="keep:adopt",
    help="take a thing that exists into the inventory",
    teach=(
        "A thing that carries our marks, such as one that moot forget let go, is taken on as it\n"
        "is.  One without marks is given them, where its venue can: a container, volume or\n"
        "network of Docker cannot be labelled afterwards, and moot says so.  What belongs to\n"
        "another installation is never touched.  The next plan compares it with what is declared."
    ),
    example="moot adopt shop@laptop/volume/data host.volume "
    "/var/lib/moot/1f0a2b3c4d5e/laptop/volumes/shop_data/data --venue laptop",
    answers=(ITEMS,),
    arguments=(
        Argument("ADDRESS", "what it is from now on, such as shop/web/0@laptop/process"),
        Argument("TYPE", "its type, such as docker.volume"),
        Argument("IDENTIFIER", "the venue's name for it: an id, a path"),
    ),
    exits=(0, 1, 2, 4, 5),
)

FORGET = Command(
    name="forget",
    run="keep:forget",
    help="take a thing out of the inventory; it stays where it is",
    teach=(
        "The venue is not asked anything: what ran goes on running, as nobody's.  moot sweep\n"
        "lists it as not explained, and moot adopt takes it back.  @VENUE stands for all that is\n"
        "there, as on a machine that will never come back; data on it is then no reason any more\n"
        "to wait for it."
    ),
    example="moot forget shop/web/0@docker/container\nmoot forget @lab:h2",
    answers=(ITEMS,),
    arguments=(
        Argument("ADDRESS", "as moot inventory prints it, or @VENUE", completes="addresses"),
    ),
    exits=(0, 1, 2, 4, 5),
)

KEEPING = (UNDO, SWEEP, RECOVER, ADOPT, FORGET)
