"""What every table of `mailer.toml` is made of."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"


class Section(BaseModel):
    """A table: a key that is not in it is a mistake, and no value is taken for another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def beside(folder: Path, name: str | None) -> Path | None:
    """Return the file beside mailer.toml, or None if none is named."""
    return folder / name if name else None
