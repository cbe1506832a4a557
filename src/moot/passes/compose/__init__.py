"""The Compose language, step by step: load, interpolate, read, merge, settle, check, declare."""
