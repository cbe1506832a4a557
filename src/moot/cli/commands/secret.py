"""The secret commands: what is kept of secrets, and letting go of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from moot.cli.output import Output, ago
from moot.model.report import SecretStatus
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call

VERSION_SHOWN = 12


def list_all(call: Call, out: Output) -> int:
    """Print the secrets, never their contents."""
    secrets = call.moot.secret_list(all=call.invocation.flag("all"))
    if out.json_wanted:
        out.answer({"secrets": [secret_json(secret) for secret in secrets]})
        return 0
    if not secrets:
        out.message("no secrets are kept")
        return 0
    now = time.time()
    out.table(
        ("APP", "NAME", "VERSION", "USED BY", "DECLARED", "FROM"),
        (
            (
                secret.app,
                secret.name,
                secret.version[:VERSION_SHOWN],
                ", ".join(secret.used_by) or "-",
                ago(secret.declared_at, now),
                secret.origin,
            )
            for secret in secrets
        ),
    )
    return 0


def forget(call: Call, out: Output) -> int:
    """Drop what is kept of them."""
    gone = call.moot.secret_forget(call.invocation.arguments)
    if out.json_wanted:
        versions = [{"name": secret.name, "version": secret.version} for secret in gone]
        out.answer({"secrets": versions})
    else:
        out.message(f"forgot {', '.join(dict.fromkeys(secret.name for secret in gone))}")
    return 0


def secret_json(secret: SecretStatus) -> JSON:
    """An entry of `secrets`."""
    return {
        "app": secret.app,
        "name": secret.name,
        "version": secret.version,
        "origin": secret.origin,
        "used_by": list(secret.used_by),
        "declared_at": secret.declared_at,
    }
