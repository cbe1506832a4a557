"""The record: what exists, what existed when, what was asked for, and what is being done now."""

from moot.store.contract import (
    Intent,
    KeptSecret,
    Lease,
    LeaseHeld,
    PortTaken,
    Rest,
    Revision,
    Store,
)
from moot.store.opening import open_store

__all__ = [
    "Intent",
    "KeptSecret",
    "Lease",
    "LeaseHeld",
    "PortTaken",
    "Rest",
    "Revision",
    "Store",
    "open_store",
]
