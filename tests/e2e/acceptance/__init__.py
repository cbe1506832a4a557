"""Acceptance: an application of three components with two replicas each, on either venue."""
