"""What every table of `mailer.toml` is made of."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mailer.model.errors import AddressError
from mailer.model.readers import addresses

DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"


class Section(BaseModel):
    """A table: a key that is not in it is a mistake, and no value is taken for another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def beside(folder: Path, name: str | None) -> Path | None:
    """Return the file beside mailer.toml, or None if none is named."""
    return folder / name if name else None


def parse_address(value: str) -> str:
    """Return the address in the form that is stored.

    :raises ValueError: it is none; Pydantic adds the name of the key.
    """
    try:
        return addresses.parse(value)
    except AddressError as error:
        raise ValueError(error.reason) from None
