"""Run one declared application on any mix of venues.

    App --place--> Placement --connect, lower--> Resources --plan--> Plan --apply--> inventory

Every arrow but the last is a pure function in `moot.passes`; every word is a
frozen value in `moot.model`.  Start reading at `moot.engine.reconcile`.
"""

__version__ = "0.1.0"
