"""Contents of secrets, encrypted, for as long as something that was begun may need them again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress

from moot.engine import sources
from moot.engine.journal import Journal
from moot.engine.vault import Vault
from moot.model.app import App
from moot.model.diagnostic import BadInput, Diagnostic, Refused
from moot.model.report import SecretStatus
from moot.model.value import Secret, unknowns
from moot.passes.parse import Origin, Parsed
from moot.store import KeptSecret, Store

UNDONE = 2  # revisions that `moot undo` needs: the one that stands, and the one before it


def keep(journal: Journal, parsed: Parsed) -> None:
    """Write down what is about to be used, before the first intent that refers to it."""
    assert parsed.app is not None, "a declaration with errors is never carried out"
    known = {kept.secret: kept for kept in journal.store.secrets(journal.app)}
    now = journal.now()
    fresh = {
        secret: KeptSecret(
            secret=secret,
            at=now,
            origin=parsed.origins[secret],
            users=tuple(_users(parsed.app, secret)),
            content=known[secret].content if secret in known else journal.vault.seal(content),
        )
        for secret, content in parsed.secrets.items()
    }
    if fresh:
        with journal.store.turn(journal.lease):
            journal.store.put_secrets(journal.app, fresh)


def drop(journal: Journal, parsed: Parsed | None) -> None:
    """Let go of what neither runs by this declaration nor an undo of its last change would need.

    With no declaration, of everything.  Nothing goes while a call of the App is undecided.
    """
    store, app = journal.store, journal.app
    kept = {one.secret for one in store.secrets(app)}
    if parsed and (kept := kept - parsed.secrets.keys()):
        kept -= _former(journal)
    if kept and not store.open_intents(app):
        with store.turn(journal.lease):
            store.put_secrets(app, dict.fromkeys(kept))


def contents(app: str, store: Store, vault: Vault) -> dict[Secret, bytes]:
    """Every content that is kept for the App; none that was sealed under another key."""
    found: dict[Secret, bytes] = {}
    for kept in store.secrets(app):
        try:
            found[kept.secret] = vault.open(kept.content)
        except ValueError:
            continue
    return found


def last_answer(app: str, origin: Origin, store: Store, vault: Vault) -> tuple[bytes, float] | None:
    """What an origin said when the App was last carried out, and when that was."""
    said = [kept for kept in store.secrets(app) if kept.origin == str(origin)]
    latest = max(said, key=lambda kept: kept.at, default=None)
    content = latest and contents(app, store, vault).get(latest.secret)
    return (content, latest.at) if latest and content is not None else None


def listed(apps: Collection[str], store: Store) -> tuple[SecretStatus, ...]:
    """A line per version that is kept, never with its content.

    A variable gets a secret without the newline at its end.  That is kept apart, and is the same
    version: both were declared at once, and the longer one is the whole of it.
    """
    found: dict[tuple[str, str, str, float], list[KeptSecret]] = {}
    for app in apps:
        for kept in sorted(store.secrets(app), key=lambda kept: -len(kept.content)):
            found.setdefault((app, kept.secret.name, kept.origin, -kept.at), []).append(kept)
    return tuple(
        SecretStatus(
            app=app,
            name=name,
            version=forms[0].secret.version,
            origin=origin,
            used_by=tuple(dict.fromkeys(user for kept in forms for user in kept.users)),
            declared_at=forms[0].at,
        )
        for (app, name, origin, _), forms in sorted(found.items())
    )


def forget(names: Collection[str], journal: Journal) -> tuple[Secret, ...]:
    """Drop every version that is kept of these; what runs keeps the copy it was given."""
    store, app = journal.store, journal.app
    chosen = [kept.secret for kept in store.secrets(app) if kept.secret.name in names]
    for name in names:
        if all(secret.name != name for secret in chosen):
            raise BadInput(_not_kept(name, app))
    if store.open_intents(app):
        raise Refused(_still_needed(app))
    with store.turn(journal.lease):
        store.put_secrets(app, dict.fromkeys(chosen))
    return tuple(chosen)


def _former(journal: Journal) -> set[Secret]:
    """What the declarations between which an undo goes were made from."""
    found: set[Secret] = set()
    for revision in journal.store.revisions(journal.app)[-UNDONE:]:
        with suppress(ValueError):  # sealed under another key, it cannot be gone back to either
            if revision.sources is not None:
                found |= sources.asked(journal.vault.open(revision.sources))
    return found


def _users(app: App, secret: Secret) -> Iterable[str]:
    """The components that get this very version, as a file or in their environment."""
    files = {file.name for file in app.files if file.content == secret}
    for component in app.components:
        mounted = any(mount.source in files for mount in component.files)
        written = [file.content for file in component.recipe.files] if component.recipe else []
        if mounted or secret in unknowns([component.environment, written]):
            yield component.name


def _not_kept(name: str, app: str) -> Diagnostic:
    return Diagnostic(
        summary=f"nothing is kept of a secret {name!r}",
        detail=f"app {app!r} has used none of that name, or it was let go",
        remedy="`moot secret ls` prints those that are kept",
    )


def _still_needed(app: str) -> Diagnostic:
    return Diagnostic(
        summary=f"a call for app {app!r} has not been seen to end",
        detail="to make it once more, as after a crash, the contents of its secrets are needed",
        remedy="`moot up` or `moot down` brings it to an end; then forget them",
    )
