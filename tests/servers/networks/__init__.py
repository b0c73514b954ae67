"""Fake servers of the networks, one file each, by the networks' published documentation; ``trouble`` is what may go wrong with any of them."""
