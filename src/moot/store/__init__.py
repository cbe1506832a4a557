"""The record: what exists, what existed when, what was asked for, and what is being done now."""

from moot.store.store import Intent, Lease, LeaseHeld, PortTaken, Store

__all__ = ["Intent", "Lease", "LeaseHeld", "PortTaken", "Store"]
