"""Replicas that talk much are put on one machine, at no higher price."""
