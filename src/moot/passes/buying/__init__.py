"""Machines for an App, step by step: need, supply, appraise, pack, procure, estimate."""
