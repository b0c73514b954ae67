"""`todoke channels key`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from channels.cli.runtime import errors_on_one_line
from channels.settings import ChannelsError
from storage.model import StorageError
from storage.settings import read_secret

KeyFile = Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key is, or is to be written. 秘密の鍵のファイル")]
OWNER_ONLY = 0o600


def key(file: KeyFile) -> None:
    """Make the key of Web Push (VAPID), or show the public key of one that is there. ウェブプッシュの鍵を作ります

    The private key stays in the file, for its owner only: `secret_file` of the channel. The public one is `push_key` of publications.toml. An
    existing file is never changed: a new key would end all subscriptions.
    """
    from channels.adapters import web_push

    with errors_on_one_line():
        is_new = not file.exists()
        if is_new:
            _write(file, web_push.make_key())
        try:
            public = web_push.public_key(web_push.read_key(read_secret(file)))
        except (StorageError, ValueError) as error:
            raise ChannelsError(f"{file}: {error} / 鍵が読めません") from error
    typer.echo(f"{'made' if is_new else 'already there'}: {file}", err=True)
    typer.echo(public)


def _write(file: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise ChannelsError(f"{file}: {error.strerror} / 鍵を書けません") from error
