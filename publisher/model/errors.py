"""What can go wrong, as the operator reads it."""

from __future__ import annotations


class PublisherError(Exception):
    """Something that the operator has to mend. The message says what, where and what to do; English first, Japanese after."""


class TargetError(PublisherError):
    """A mirror could not be reached or written. Readers of a tree see what they saw before; in an S3-compatible store some files may be new."""
