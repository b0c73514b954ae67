"""``[[right]]`` of ``continuity.toml``: the storages outside this machine that keep the right to send."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import regular_file
from storage.settings import LocalStorage, S3Storage, SshStorage, StorageSettings, absolute

FILE = "continuity.toml"
"""Stands beside mailer.toml."""


class BadSettings(ValueError):
    """The file cannot be used. The message names every bad key."""


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)  # the other tables are those of `continuity`

    right: tuple[StorageSettings, ...] = ()


def read_table(path: Path) -> dict[str, Any]:
    """Return the file as it is; empty if there is none. Raises `BadSettings`."""
    try:
        return tomllib.loads(regular_file.read_bytes(path).decode())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise BadSettings(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def right_storages(path: Path) -> tuple[LocalStorage | SshStorage | S3Storage, ...]:
    """Return the storages of the right; none if there is no such file, or no such table in it. Raises `BadSettings`."""
    try:
        settings = _File.model_validate(read_table(path)).right
    except ValidationError as error:
        raise BadSettings(f"{path}: {bad_keys(error)}") from error
    names = [each.name for each in settings]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadSettings(f"{path}: right: two storages have one name: {', '.join(twice)}")
    return tuple(absolute(each, path.resolve().parent) for each in settings)


def bad_keys(error: ValidationError) -> str:
    """Return every bad key with what is wrong, on one line. What was written there is not repeated."""
    lines = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in lines)
