"""What every command of the mailer shares: options, the clock on the wall, and errors as one line."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailer import secrets as secret
from mailer.config import Config
from mailer.database.engine import Database, open_database
from mailer.delivery.context import DeliveryContext
from mailer.log import LogKind
from mailer.message.links import LinkSigner
from mailer.model.errors import TodokeMailError


def delivery_context(settings: Config, database: Database) -> DeliveryContext:
    """What a real run needs: secrets from the environment or files, and the clock on the wall.

    :raises SecretMissing: no key to sign links, or no password although there is a user name.
    """
    tokens = LinkSigner(secret.signing_keys(os.environ, settings.secret_file))
    relay = settings.relay
    password = secret.relay_password(os.environ, relay.password_file) if relay.username else None
    return DeliveryContext(settings, database, tokens, password, now)


ConfigPath = Annotated[Path, typer.Option("--config", help="The mailer's settings. 設定ファイル")]


MailPath = Annotated[Path, typer.Option("--mail", help="The folder of issues that `build` wrote. 作成済みの号のフォルダー")]


Ref = Annotated[str, typer.Argument(metavar="LIST/NUMBER", help="The issue, for example fukko-press/45. 配信先と号数")]


MaybeRef = Annotated[str | None, typer.Argument(metavar="[LIST/NUMBER]", help="Only this issue. この号だけ")]


LogOption = Annotated[LogKind, typer.Option("--log", help="What happens, line by line on standard error. 動きの記録")]


CONFIG = Path("mailer.toml")


MAIL = Path("output/mail")


def now() -> datetime:
    """The clock on the wall, aware."""
    return datetime.now(UTC)


@contextmanager
def errors_as_lines() -> Iterator[None]:
    """One line on standard error and an exit status instead of a traceback."""
    try:
        yield
    except TodokeMailError as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(error.exit_status) from None


@contextmanager
def open_for_command(settings: Config) -> Iterator[Database]:
    """The database for the length of a command."""
    with closing(open_database(settings.database)) as database:
        yield database


def system_account() -> str:
    """The account on this machine, for the log. A claim of the machine, beside the name that the person gave."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such account, as in some containers
        return "unknown"
