"""What runs on a machine by itself: standard library only, Python 3.9, no imports from outside.

It is copied to the machine as a whole, in one file, under the digest of its content.
"""
