"""Why a vendor gave no prices -> what somebody can do about it."""

from __future__ import annotations

from collections.abc import Mapping

from moot.market.listed import NoPrices, Source, Trouble

GOES_ON = "the same command goes on from here"
REMEDIES: Mapping[Trouble, str] = {
    "network": "look whether this machine has a way there: behind a proxy set HTTPS_PROXY, "
    "else name a mirror in {variable}; then " + GOES_ON,
    "certificate": "name the certificates of your proxy in SSL_CERT_FILE, or a mirror in "
    "{variable}; then " + GOES_ON,
    "busy": "wait a while: " + GOES_ON,
    "slow": "try again later, by another way there (HTTPS_PROXY), or name a mirror in "
    "{variable}: " + GOES_ON,
    "answer": "look whether something on the way answers in its place, such as a proxy that "
    "wants a login (HTTPS_PROXY), or name a mirror in {variable}",
    "key": "write an API key of Google's into MOOT_PRICES_GCP_KEY",
    "nothing": "name other regions with --region",
}
MIRRORED: Mapping[Trouble, str] = {
    "network": "look whether {variable} names a server that answers, and whether a proxy is "
    "between (HTTPS_PROXY, NO_PROXY), or unset it",
    "slow": "name a faster mirror in {variable}, or unset it: " + GOES_ON,
    "answer": "write the address of a mirror into {variable}, or unset it: then the vendor "
    "itself is asked",
}


def remedy(none: NoPrices, source: Source) -> str:
    """By what went wrong, and whether a variable named the address."""
    trouble = none.trouble
    if trouble == "refused":  # of all sources only Google's wants to know who asks
        trouble = "key" if source.keyed else "answer"
    told = MIRRORED.get(trouble) if source.mirrored else None
    return (told or REMEDIES[trouble]).format(variable=source.variable)
