"""Measurements: each module states one figure's question and answers it with `measure`."""
