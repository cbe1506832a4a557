"""What `place` is made of: rooms, what fits, who is near, one order after the other."""
