"""What each command does; the table says which function that is."""
