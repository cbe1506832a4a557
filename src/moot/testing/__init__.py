"""What others need to test a provider of theirs: the provider contract as a suite of checks."""
