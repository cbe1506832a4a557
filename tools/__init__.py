"""Programs for those who work on moot: what they make is in the repository."""
