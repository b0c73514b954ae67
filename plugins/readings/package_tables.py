"""Opens the tables that this package ships."""

from __future__ import annotations

import csv
import io
from importlib.resources import files


def package_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of the CSV table ``name`` beside this module, by column."""
    return list(csv.DictReader(io.StringIO((files(__package__) / name).read_text("utf-8"))))
