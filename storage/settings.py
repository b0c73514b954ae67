"""The tables that say where a storage is. Mirrors of ``publish.toml`` are found by the same keys."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

import regular_file
from storage.model import StorageError


class Section(BaseModel):
    """A table: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Place(Section):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")


class SshPlace(Section):
    """A folder of another machine, by SFTP. ``known_hosts`` holds the host's key; another key is refused."""

    host: str = Field(min_length=1)
    folder: str = Field(pattern=r"^/")
    user: str = Field(min_length=1)
    key_file: Path
    known_hosts: Path
    port: int = Field(default=22, ge=1, le=65535)


class S3Place(Section):
    """A bucket of any S3-compatible store. The secret lies in a file, or in the environment (``AWS_SECRET_ACCESS_KEY``)."""

    bucket: str = Field(min_length=3)
    prefix: str = ""
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key_id: str = Field(min_length=1)
    secret_key_file: Path | None = None

    @property
    def secret(self) -> str:
        """The secret key. Raises `StorageError`."""
        return read_secret(self.secret_key_file)

    @property
    def is_plain_http(self) -> bool:
        """Whether the store is asked without TLS: one of this machine, or a test's."""
        return (self.endpoint or "").startswith("http://")


class LocalStorage(_Place):
    """A folder of this machine: another disk, or a share that is mounted here."""

    kind: Literal["local"]
    folder: Path


class SshStorage(_Place, SshPlace):
    """A folder of another machine."""

    kind: Literal["ssh"]


class S3Storage(_Place, S3Place):
    """A bucket."""

    kind: Literal["s3"]


StorageSettings = Annotated[LocalStorage | SshStorage | S3Storage, Field(discriminator="kind")]


def absolute(settings: LocalStorage | SshStorage | S3Storage, folder: Path) -> LocalStorage | SshStorage | S3Storage:
    """Return the settings with paths that are relative to ``folder`` made absolute."""
    return settings.model_copy(update={name: folder / value for name, value in settings if isinstance(value, Path)})


def read_secret(file: Path | None, variable: str = "AWS_SECRET_ACCESS_KEY") -> str:
    """Return the secret in ``file``, or in the environment's ``variable``. Raises `StorageError`: none, or a file that others can read."""
    if file is None:
        if not os.environ.get(variable):
            raise StorageError(f"there is no secret: set {variable} or secret_key_file / 秘密の鍵がありません")
        return os.environ[variable]
    try:
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise StorageError(f"{file}: others can read this key. Run: chmod 600 {file} / ほかの人が読める鍵です")
        return regular_file.read_bytes(file).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{file}: {getattr(error, 'strerror', None) or error} / 秘密の鍵が読めません") from error
