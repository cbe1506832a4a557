"""The commands that look and change nothing."""

from __future__ import annotations

from moot.cli.changing import MAX_AGE
from moot.cli.command import Argument, Command, Option

PS = Command(
    name="ps",
    run="look:ps",
    help="list the replicas, how they are and where to reach them",
    teach=(
        "Status is one of starting, running, healthy, unhealthy, completed, failed and stale;\n"
        "stale means that the venue does not answer and this is the last that was seen.  With\n"
        "--max-age, SEEN says how old it is where it was not asked again.  ENDPOINTS are where\n"
        "something listens: no address of a gateway that is not there yet, or has failed."
    ),
    example="moot ps\nmoot ps --all --json",
    answers=(
        "replicas: replica, component, venue, offering, status, endpoints, since, detail, "
        "observed_at",
    ),
    options=(Option("-a --all", "of every App, not only this one"), MAX_AGE),
)

LOGS = Command(
    name="logs",
    run="logs:logs",
    help="print what replicas wrote",
    teach=(
        "Of every replica, or of the components and replicas named.  --since takes a duration\n"
        "(90s, 10m, 2h30m, 1d) or a moment (2026-05-01T12:00, seconds since 1970).  With --json\n"
        "each line is an object; with -f one object is printed per line as it comes."
    ),
    example="moot logs -f web\nmoot logs --since 10m -n 100 web/0 db",
    answers=("lines: replica, at, stream, text",),
    arguments=(Argument("NAME", "component or replica; default: all", "*", "names"),),
    options=(
        Option("-f --follow", "go on as more is written, until Ctrl-C"),
        Option("-n --tail", "only the last N lines of each replica, or all", "N"),
        Option("--since", "only what was written since then", "TIME"),
        Option("-t --timestamps", "print when each line was written"),
        Option("--no-prefix", "print the lines alone, without the replica's name"),
    ),
    exits=(0, 1, 2, 130),
)

CONFIG = Command(
    name="config",
    run="config:config",
    help="check the compose files and print the canonical model",
    teach=(
        "Merges files, fills in variables and defaults, and prints the result as YAML, which is\n"
        "again a compose file.  Every error is reported at once, each with its place."
    ),
    example="moot config\nmoot config --quiet && echo fine",
    answers=("the keys of the canonical model, or with an option services, volumes, images",),
    options=(
        Option("-q --quiet", "only check"),
        Option("--services", "print the names of the components"),
        Option("--volumes", "print the names of the volumes"),
        Option("--images", "print the images"),
    ),
    exits=(0, 2),
)

SCHEMA = Command(
    name="schema",
    run="config:schema",
    help="print the JSON Schema of a compose file with x-moot",
    teach="Editors that know JSON Schema complete and check a compose file with it.",
    example="moot schema > compose.schema.json",
    answers=("schemas",),
    exits=(0,),
)

WHY = Command(
    name="why",
    run="why:why",
    help="say why a replica is where it is",
    teach=(
        "What was chosen and at what price; what the cheapest way would be to run its component\n"
        "without that machine or venue, all others staying where they are; where else this\n"
        "replica could be, with the difference in price; and everywhere else the first reason\n"
        "why not.  And how available the App is there, by what its venues state\n"
        "(docs/placement.md, docs/availability.md).  It exits with 4 where the App is refused."
    ),
    example="moot why web/0\nmoot why web --not lab",
    answers=(
        "replica",
        "chosen",
        "price, priced",
        "reason",
        "gpus",
        "egress: from, monthly, currency",
        "disk: on, monthly, currency",
        "alternatives",
        "possible: venue, offering, hourly, currency, priced, more_hourly, reason",
        "best: without, places, monthly, currency, priced, more_monthly, refusal",
        "rejections: venue, offering, reason",
        "availability: promised, least, most, components, unknown, limit",
    ),
    options=(
        Option("--not", "the cheapest way without this one; repeatable", "VENUE", True, "venues"),
    ),
    arguments=(Argument("REPLICA", "such as web/0, or web for its first", completes="replicas"),),
    exits=(0, 1, 2, 4),
)

WHAT_IF = Command(
    name="what-if",
    run="what_if:what_if",
    help="rehearse a failure, more load or other prices",
    teach=(
        "Decides where everything would run, as moot plan does, were this so, and says which\n"
        "replicas move (start: new ones; end: no longer wanted), at what price, what cannot run\n"
        "and why, and what availability remains.  Nothing is changed or written.  Without options\n"
        "it lists every single failure of what the App runs on, the worst first.\n"
        "NAME is a venue, a pool, a machine (lab:h1 or h1), region:NAME, zone:NAME or host:NAME,\n"
        "or a name without the word before it where that means one thing only.  Of what is in\n"
        "control-plane:NAME everything runs on, and nothing can be started.  --load leaves\n"
        "one-shots alone, components with a container_name, and single replicas that keep a\n"
        "volume or a fixed port.  V=PRICE is VENUE=+20%, VENUE=-5%, or VENUE=0.12 for an hour of\n"
        "each thing offered there.  It exits with 0 when everything can still run, and with 1\n"
        "when something waits for its data, nothing can take it, or moot up would refuse; without\n"
        "options, when that is so after one of the failures.  docs/what-if.md has examples."
    ),
    example=(
        "moot what-if\n"
        "moot what-if --lose lab:h2\n"
        "moot what-if --lose zone:b --load x3 --price-change aws=+20%"
    ),
    answers=(
        "lost",
        "fates: component, fate, replicas, source, target, reason",
        "stays, moves, starts, ends, waits, stops, lacks, down",
        "cost: hourly, monthly, kinds, currency, floor, components, before, budget, unpriced, "
        "unmetered, priced",
        "availability: promised, least, most, components, unknown, limit",
        "without options failures: lost, stays, moves, starts, ends, waits, stops, lacks, down, "
        "reasons, refusals, relies",
    ),
    options=(
        Option("--lose", "what is lost with all that is there; repeatable", "NAME", True, "venues"),
        Option("--load", "so many times the replicas of what may have several", "xN"),
        Option("--price-change", "another price of a venue or pool; repeatable", "V=PRICE", True),
        MAX_AGE,
    ),
    exits=(0, 1, 2, 4),
)

OFFERINGS = Command(
    name="offerings",
    run="offerings:offerings",
    help="list what can be had where, and at what price",
    teach=(
        "What the venues offer is asked of them now.  What else the market has is as it was asked\n"
        "by moot offerings refresh, or as it comes with moot: each price has its day.\n"
        "`not configured` is what no venue of yours can get.  The cheapest comes first.  With\n"
        "VENUE, or --venue, only these are asked and the market is left out.  PATTERN is a word\n"
        "with * and ?; where an option is given more than once, one of them must match.\n"
        "docs/offerings.md says where prices are from."
    ),
    example=(
        "moot offerings --cpu 4 --memory 8G --arch arm64 --region 'eu-*'\n"
        "moot offerings --gpu --vendor aws --sort per-gib --limit all --json\n"
        "moot offerings --configured"
    ),
    answers=(
        "offerings: vendor, venue, standing, region, zones, type, cpu, memory_mib, arch, gpus, "
        "gpu, hourly, spot, currency, priced, own_cpu, own_memory_mib, interruptions, "
        "spot_priced",
        "total",
        "market: vendor, priced, currency, source",
    ),
    arguments=(Argument("VENUE", "only what this one offers", "*", "venues"),),
    options=(
        Option("--cpu", "at least so many CPUs", "N"),
        Option("--memory", "at least so much memory, such as 512M or 8G", "SIZE"),
        Option("--arch", "this architecture, such as amd64 or arm64", "ARCH"),
        Option("--gpu", "with a GPU, or part of one"),
        Option("--spot", "with a known price of spot, the cheapest as that first"),
        Option("--vendor", "of this vendor or provider; repeatable", "PATTERN", True),
        Option("--region", "in such a region; repeatable", "PATTERN", True),
        Option("--type", "of such a type; repeatable", "PATTERN", True),
        Option("--configured", "leave out what no venue of yours offers"),
        Option("--sort", "price (default), spot, per-cpu, per-gib, cpu or memory", "ORDER"),
        Option("--limit", "print so many, or all; default: 20", "N"),
    ),
    exits=(0, 1, 2),
)

COMPARE = Command(
    name="compare",
    run="compare:compare",
    help="estimate what the App would cost on each vendor",
    teach=(
        "Chooses the machines that would be bought for all of the App and packs its replicas onto\n"
        "them, from the market that moot offerings lists; and what of it would be kept on your\n"
        "own machines where that is cheaper.  Nothing is bought: no account is needed, and moot\n"
        "plan does not use the market.  Each line is the best region of a vendor, or of two, or\n"
        "of as many as x-moot.spread wants; GAP is by how much it may be dearer than the cheapest\n"
        "way there is, UP how available it is by what vendors promise.  The free choice is the\n"
        "cheapest line; with --free a line is given up as soon as it cannot be that.  It exits\n"
        "with 1 where no vendor can run the App.\n"
        "docs/compare.md says what is counted and what is not."
    ),
    example=(
        "moot compare\n"
        "moot compare --vendor aws --region 'eu-*' --top 5\n"
        "moot compare --free --rounds 1000\n"
        "moot compare --burstable --json"
    ),
    answers=(
        "estimates: vendors, own, hourly, monthly, egress_hourly, disk_hourly, "
        "availability, kept, "
        "least_hourly, gap, currency, priced, sites, or vendors, own, reason",
        "own: hourly, monthly, availability, currency, priced, unpriced, reason",
        "free: own, vendors, sites, hourly, monthly, currency, priced",
        "now: hourly, monthly, currency, priced",
        "unstated, arm64, unzoned, no_spot",
    ),
    options=(
        Option("--vendor", "only such vendors; repeatable", "PATTERN", True),
        Option("--region", "only such regions; repeatable", "PATTERN", True),
        Option("--burstable", "also types that share their CPUs, as if these were their own"),
        Option("--top", "so many lines for each vendor; default: 1", "N"),
        Option("--rounds", "look so much longer for what is cheaper; default: 200", "N"),
        Option("--free", "look only for the free choice, several times as fast"),
    ),
    exits=(0, 1, 2),
)

INVENTORY = Command(
    name="inventory",
    run="look:inventory",
    help="list the things that exist, as the venues report them",
    teach=(
        "Everything made for this App: processes, containers, networks, volumes, gateways.  With\n"
        "--all also what belongs to other Apps.  --at tells what was known at a time, from the\n"
        "history and without asking any venue; --max-age does not ask again for what is young\n"
        "enough.  observed_at is when each was last seen to be so."
    ),
    example="moot inventory\nmoot inventory --at 2h --type host.process\nmoot inventory --all",
    answers=(
        "items: address, type, venue, identifier, managed, status, properties, depends_on, "
        "observed_at, incarnation",
    ),
    options=(
        Option("-a --all", "of every App, not only this one"),
        Option("--at", "as it was then: 2h, 3d (ago), 2026-11-22 10:00, RFC 3339", "TIME"),
        Option("--type", "only things of this type", "TYPE"),
        MAX_AGE,
    ),
)

DIFF = Command(
    name="diff",
    run="look:diff",
    help="say what came, went and changed between two times",
    teach=(
        "From the history alone: no venue is asked.  Each line is a thing, with the properties\n"
        "that differ and what caused the last change.  Sensitive values are digests.  Times are\n"
        "durations before now (2h, 3d), or as 2026-11-22 10:00, or RFC 3339."
    ),
    example="moot diff --from 1d\nmoot diff --from '2026-11-22 10:00' --to 2h --json",
    answers=("differences: address, type, venue, kind, at, cause, paths",),
    options=(
        Option("--from", "the earlier time", "TIME"),
        Option("--to", "the later time; default: now", "TIME"),
        Option("-a --all", "of every App, not only this one"),
    ),
)

HISTORY = Command(
    name="history",
    run="look:history",
    help="list what a thing has been, newest first",
    teach="Each version with its time and what caused it.  moot inventory prints addresses.",
    example="moot history shop/web/0@laptop/process",
    answers=("versions: at, address, incarnation, cause, item",),
    arguments=(Argument("ADDRESS", "as moot inventory prints it", completes="addresses"),),
)

LOOKING = (PS, LOGS, CONFIG, SCHEMA, WHY, WHAT_IF, OFFERINGS, COMPARE, INVENTORY, HISTORY, DIFF)
