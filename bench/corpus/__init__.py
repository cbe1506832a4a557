"""Real compose files, and what reads them besides moot."""
