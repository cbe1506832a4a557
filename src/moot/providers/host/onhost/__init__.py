"""What runs on a machine by itself: standard library only, Python 3.9, no imports from outside.

The folder is copied to the machine as a whole, under the digest of its content.
"""
