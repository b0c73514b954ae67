"""Hides which articles an issue carries, and why: documents of a library go in, a `Composition` of sections and blocks comes out."""
