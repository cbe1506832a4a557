"""Swarm mode: a component is a service, a replica one of its slots, a file a config or secret.

Swarm itself does here what gateways and containers of our own do on a single Engine: it spreads
tasks over its nodes, starts them again, replaces them at an update, and carries connections.
"""
