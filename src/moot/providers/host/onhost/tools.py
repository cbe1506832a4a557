"""An existing playbook or manifest, run on the machine itself with the real tool."""

from __future__ import annotations

import base64
import os
import re
import shutil

from . import scripts
from .files import write
from .lean import dumps
from .records import digest

RECAP = re.compile(r"ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")
ANSIBLE = """export ANSIBLE_HOME=$MOOT_RECORD/tmp ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0
export ANSIBLE_LOCAL_TEMP=$MOOT_RECORD/tmp ANSIBLE_REMOTE_TEMP=$MOOT_RECORD/tmp
cd "$MOOT_RECORD/project"
code=0
ansible-playbook --connection local --inventory ../inventory --extra-vars @../variables.json \
  {entry} > ../said 2>&1 || code=$?
cat ../said
[ $code = 0 ] || exit $code
grep -q ' changed=' ../said || {{ echo 'no play is for this machine; say its `groups`'; exit 3; }}
"""
PUPPET = """cd "$MOOT_RECORD/project"
code=0
puppet apply --detailed-exitcodes --color=false --modulepath modules {entry} || code=$?
case $code in 0|2) exit 0 ;; esac
exit "$code"
"""
TEXTS = {"host.ansible": ANSIBLE, "host.puppet": PUPPET}


def bring(record, wanted):
    """Lay the project out in the record folder and run it; cut off, it is simply run again."""
    if scripts.job_of(record).status != "running":
        _lay_out(record, wanted)
    return scripts.bring(record, _as_script(record, wanted))


def take_back(record):
    """Run the playbook or manifest that undoes it, where there is one."""
    return scripts.take_back(record)


def seen(record):
    """What was asked, and what the last run changed."""
    found = scripts.seen(record)
    tool = record.wanted.get("tool")
    if tool is None:
        return {"outcome": "not done"}
    shown = {name: tool[name] for name in ("entry", "undo", "groups") if name in tool}
    return {
        **shown,
        "outcome": found["outcome"],
        "exit_code": found["exit_code"],
        "changes": _changes(scripts.job_of(record).output()),
    }


def _as_script(record, wanted):
    """The run as the script it is."""
    text = TEXTS[record.marks["moot.type"]]
    undo = wanted["undo"]
    return {
        "title": wanted["entry"],
        "run": text.format(entry=_quoted(wanted["entry"])),
        "undo": undo and text.format(entry=_quoted(undo)),
        "check": None,
        "repeatable": True,
        "environment": wanted["environment"],
        "secret_variables": wanted["secret_variables"],
        "files": digest(wanted["files"], wanted["groups"], wanted["variables"]),
        "tool": {name: wanted[name] for name in ("entry", "undo", "groups")},
    }


def _lay_out(record, wanted):
    """The project's files, an inventory of this machine alone, and the variables."""
    project = f"{record.folder}/project"
    shutil.rmtree(project, ignore_errors=True)
    for name, file in wanted["files"].items():
        path = f"{project}/{name}"
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        content = file["content"].encode()
        write(path, base64.b64decode(content) if file["encoding"] == "base64" else content)
    groups = "".join(f"\n[{group}]\nlocalhost\n" for group in wanted["groups"])
    python = "localhost ansible_python_interpreter=auto_silent\n"
    write(f"{record.folder}/inventory", python + groups)
    write(f"{record.folder}/variables.json", dumps(wanted["variables"]))


def _changes(output):
    """How many things the last run changed; None where the tool does not say."""
    counts = [int(match[2]) for match in RECAP.finditer(output)]
    return sum(counts) if counts else None


def _quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"
