"""Real SIGKILLs at random moments of real runs, and what is left after one more run."""
