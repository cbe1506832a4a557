"""What is tried where the first placement breaks a promise."""
