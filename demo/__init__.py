"""The demonstration: the whole product once, on this machine, on the sample content.

It drives the same commands that people type, as processes of their own; only the receiving end is the demonstration's own.
"""
