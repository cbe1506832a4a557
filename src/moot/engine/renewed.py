"""Which vendors are asked for their prices, and in which regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from moot.market.refresh import Begun, refresh, sources
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.market import Renewal
from moot.passes.winnow import matcher
from moot.provider import Env


def renewed(
    vendors: Sequence[str], regions: Sequence[str], file: Path, env: Env, begun: Begun
) -> Iterator[Renewal]:
    """Of each region what came of it, as soon as that is kept in the file.

    BadInput where no vendor is like that, or none of its regions.
    """
    known = sources(env.environ, env.now())
    named = matcher(tuple(vendors))
    chosen = [source for source in known if named(source.vendor)]
    if not chosen:
        raise BadInput(_unasked(vendors, [source.vendor for source in known]))
    found = False
    for renewal in refresh(chosen, matcher(tuple(regions)), file, env.sleep, begun):
        found = True
        yield renewal
    if not found:
        raise BadInput(_nowhere(regions, [source.vendor for source in chosen]))


def _unasked(vendors: Sequence[str], known: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        summary=f"moot asks no vendor {' or '.join(vendors)} for prices",
        detail="of gcp it asks where MOOT_PRICES_GCP_KEY is an API key of Google's",
        remedy=f"name one of: {', '.join(known)}",
    )


def _nowhere(regions: Sequence[str], vendors: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        summary=f"{' and '.join(vendors)} {'has' if len(vendors) == 1 else 'have'} no such region",
        detail=f"none is like {' or '.join(regions)}",
        remedy="moot offerings --limit all lists the regions that were known before",
    )
