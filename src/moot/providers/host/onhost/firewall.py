"""Rules of an App for one machine: one nftables table, replaced as a whole."""

from __future__ import annotations

import os

from .files import Problem
from .lean import dumps, loads, sha256
from .programs import asked


def bring(record, wanted):
    """Load the table; nftables takes all of it at once, or nothing."""
    name = _name(record)
    record.keep(wanted=wanted)
    _refuse_to_lock_out(wanted["rules"])
    _nft(f"add table inet {name}\ndelete table inet {name}\n{_table(name, wanted['rules'])}")
    record.keep(stands=True, loaded=_digest(name))


def take_back(record):
    """Remove the table."""
    name = _name(record)
    if _digest(name) is not None:
        _nft(f"delete table inet {name}\n")


def seen(record):
    """What was asked, and whether the kernel has it as it was loaded, as far as nft tells."""
    loaded = record.content.get("loaded")
    try:
        found = _digest(_name(record))
        table = "missing" if found is None else "loaded" if found == loaded else "changed"
    except Problem:
        table = "unseen"  # bringing it says what to do about it
    return {"rules": record.wanted.get("rules", []), "table": table, "name": _name(record)}


def _name(record):
    return f"moot_{sha256(record.folder.encode()).hexdigest()[:12]}"


def _table(name, rules):
    """A port that any rule allows somebody is closed to everybody else; the rest is not touched."""
    lines = ["ct state established,related accept", 'iifname "lo" accept']
    lines += [_rule(rule) for rule in rules]
    allowed = dict.fromkeys(
        (rule["protocol"], rule["port"]) for rule in rules if rule["action"] == "allow"
    )
    lines += [f"{protocol} dport {port} drop" for protocol, port in allowed]
    body = "\n".join(f"    {line}" for line in lines)
    hook = "type filter hook input priority 0; policy accept;"
    return f"table inet {name} {{\n  chain input {{\n    {hook}\n{body}\n  }}\n}}\n"


def _rule(rule):
    verdict = "accept" if rule["action"] == "allow" else "drop"
    match = f"{rule['protocol']} dport {rule['port']}"
    by_family = {
        "ip": [source for source in rule["from"] if ":" not in source],
        "ip6": [source for source in rule["from"] if ":" in source],
    }
    if not rule["from"]:
        return f"{match} {verdict}"
    return "\n    ".join(
        f"{family} saddr {{ {', '.join(sources)} }} {match} {verdict}"
        for family, sources in by_family.items()
        if sources
    )


def _refuse_to_lock_out(rules):
    """The way we came in stays open: a mistake here could be mended by nobody from afar."""
    _, _, _, port = (os.environ.get("SSH_CONNECTION") or "- - - 0").split()
    for rule in rules:
        first, _, last = str(rule["port"]).partition("-")
        if rule["protocol"] == "tcp" and int(first) <= int(port) <= int(last or first):
            raise Problem(
                "InvalidRequest",
                f"a rule for port {port} could shut out moot itself, which came in that way",
                "take it out, and guard SSH by the machine's own firewall",
            )


def _digest(name):
    """The table as the kernel has it, as a digest; None where there is none."""
    code, listed, _ = _asked("--json", "list", "table", "inet", name)
    if code:
        return None
    return sha256(dumps(_plain(loads(listed))).encode()).hexdigest()


def _plain(value):
    """Without what changes by itself: handles and counters."""
    if isinstance(value, dict):
        return {
            k: _plain(v) for k, v in value.items() if k not in {"handle", "counter", "metainfo"}
        }
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _nft(text):
    code, _, said = _asked("-f", "-", text=text)
    if code:
        raise Problem("InvalidRequest", f"nftables refuses the rules: {said}")


def _asked(*words, text=""):
    try:
        return asked("nft", *words, text=text)
    except FileNotFoundError:
        raise Problem(
            "InvalidRequest", "there is no nft on this machine", "add the package nftables"
        ) from None
