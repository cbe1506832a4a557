"""What our own providers are tried with; a stranger brings a trial of the same form.

Each module has one function, `trial`, which the entry point group `moot.trials` names.
"""
