"""The records of the sample site, as of the moment of the audit, and of notices that a test writes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from audit.site import MOMENT
from plugins.emergency.record import EmergencyRecord, record_of
from plugins.frontmatter.library import Library, read_library
from plugins.frontmatter.model.registry import read_registry

BASE = "https://todoke.example.jp"


def records_of(library: Library, base: str = BASE) -> dict[str, EmergencyRecord]:
    """Return the records of all notices and drills that are public, by the names of their files."""
    live = [*library.live("notice"), *library.live("drill")]
    return {d.path.stem: record_of(d, library.registry.site, base, library.documents) for d in live}


@cache
def sample_library() -> Library:
    """The sample site."""
    return read_library(Path("content"), read_registry(Path("publications.toml"), Path("content/data/municipalities.csv")), MOMENT)


@cache
def sample_records() -> dict[str, EmergencyRecord]:
    """Every record of the sample site."""
    return records_of(sample_library())
