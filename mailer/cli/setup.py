"""`todoke init-db` and `todoke secret new`: what a new installation needs once."""

from __future__ import annotations

import os
import secrets as random_source
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from mailer import private_files, secrets
from mailer.cli.runtime import CONFIG, ConfigPath, command_session, say
from mailer.config.file import load_config
from mailer.database.engine import create_database
from mailer.model.errors import SecretMissing

RANDOM_BYTES = 48
"""In URL-safe base64 these are 64 characters; 32 are the least that is accepted."""


def init_db(config: ConfigPath = CONFIG) -> None:
    """Make the database that mailer.toml names; safe to repeat. データベースを作る"""
    with command_session():
        settings = load_config(config)
        with closing(create_database(settings.database)) as database:
            say(f"{database.name}: ready. 使えます。")


def new_secret(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where; without it the `secret_file` of mailer.toml. 書き込むファイル")
    ] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Put the new key before the old ones, which still open links. 前の鍵を残して替える")
    ] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Make a random key in a file that only you can read. The key is not printed. 鍵を作る"""
    with command_session():
        path = file or load_config(config).secret_file
        if path is None:
            raise SecretMissing(
                f'{config} names no secret_file. Add secret_file = "var/secret" to it, or name the file here: todoke secret new FILE. '
                "設定ファイルに secret_file がありません。"
            )
        key = random_source.token_urlsafe(RANDOM_BYTES)
        try:
            if rotate:
                _put_first(path, key)
            else:
                _write_new(path, key)
        except OSError as error:
            raise SecretMissing(f"{path}: the key cannot be written ({error.strerror}). Nothing was changed. 鍵を書けません。") from None
        say(f"{path}: {'a new key first; restart what runs' if rotate else 'a new key'}. 鍵を作りました。")


def _write_new(path: Path, key: str) -> None:
    """Write the first key. An existing file is never replaced: every link signed with its key would be dead."""
    private_files.make_folder(path.parent)
    try:
        private_files.write_new(path, f"{key}\n".encode())
    except FileExistsError:
        raise SecretMissing(
            f"{path} is there already and was not changed. To change the key and keep the old one for old links: todoke secret new --rotate. "
            "鍵はもうあります。何も変えていません。替えるときは --rotate を付けてください。"
        ) from None


def _put_first(path: Path, key: str) -> None:
    """Write the new key and all that the file holds into a file beside it, and rename that: no moment without keys."""
    older = secrets.read_file(path)
    if not older.strip():
        raise SecretMissing(
            f"{path} holds no key yet. Make the first one without --rotate. 前の鍵がありません。--rotate を外してください。"
        )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    private_files.write_new(temporary, f"{key}\n{older}".encode())
    temporary.replace(path)
