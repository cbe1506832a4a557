"""Conformance packs: named sets of rules.  A rule sees one thing and nothing else."""
