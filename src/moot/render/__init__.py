"""Texts and specs that any provider may need, made without touching anything."""
