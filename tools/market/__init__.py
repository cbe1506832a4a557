"""Makes the snapshot of what vendors offer, from openly licensed tables of other projects."""
