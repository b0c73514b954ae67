"""What every command of the mailer shares: how it begins and ends, its options, the wall clock, and where sentences go."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailer import log, secrets
from mailer.cli.japanese import in_japanese
from mailer.config import Config
from mailer.database.engine import Database, open_database
from mailer.delivery.context import DeliveryContext
from mailer.log import LogKind
from mailer.message.links import LinkSigner
from mailer.model.errors import TodokeMailError

EX_SOFTWARE = 70
"""Exit status for a fault of ours (sysexits.h), as `todoke.py` has it."""

ConfigPath = Annotated[Path, typer.Option("--config", help="The mailer's settings. 設定ファイル")]
MailPath = Annotated[Path, typer.Option("--mail", help="The folder of issues that `build` wrote. 作成済みの号のフォルダー")]
LogOption = Annotated[LogKind, typer.Option("--log", help="What happens, line by line on standard error. 動きの記録")]
Ref = Annotated[str, typer.Argument(metavar="LIST/NUMBER", help="The issue, for example fukko-press/45. 配信先と号数")]
MaybeRef = Annotated[str | None, typer.Argument(metavar="[LIST/NUMBER]", help="Only this issue. この号だけ")]

CONFIG = Path("mailer.toml")
MAIL = Path("output/mail")


def verbosity() -> int:
    """Return -1 with ``--quiet``, 1 with ``--verbose``, else 0. `todoke.py` leaves it in the context; without a command running it is 0."""
    context = typer.main.get_current_context(silent=True)  # type: ignore[attr-defined]  # Typer has no public name for it
    return int(context.meta.get("todoke.verbosity", 0)) if context else 0


@contextmanager
def command_session(logs: LogKind = LogKind.OFF) -> Iterator[None]:
    """Run a command: its log goes to standard error, and an error becomes one line and an exit status instead of a traceback.

    With a log, the errors are lines of the log too: a program that reads ``--log json`` must find nothing else on standard error.
    """
    log.configure(logs, sys.stderr, verbosity())
    try:
        yield
    except TodokeMailError as error:
        report_error(f"{error} {in_japanese(error)}")
        raise typer.Exit(error.exit_status) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if logs is LogKind.OFF:
            raise  # `todoke.py` tells people
        log.error("unexpected error", exception=error if verbosity() > 0 else None, why=f"{type(error).__name__}: {error}")
        raise typer.Exit(EX_SOFTWARE) from None
    finally:
        log.reset()


def report_error(sentence: str) -> None:
    """Say on standard error, or in the log, why the command ends."""
    sentence = " ".join(sentence.split())
    if log.is_on():
        log.error(sentence)
    else:
        typer.echo(sentence, err=True)


def notify(sentence: str) -> None:
    """Say on standard error, or in the log, what the operator should know. It is shown with ``--quiet`` too."""
    if log.is_on():
        log.warning(" ".join(sentence.split()))
    else:
        typer.echo(" ".join(sentence.split()), err=True)


def delivery_context(settings: Config, database: Database) -> DeliveryContext:
    """Return what a real run needs: secrets from the environment or files, and the wall clock. The log hides these secrets.

    :raises SecretMissing: no key to sign links, or no password although there is a user name.
    """
    keys = secrets.signing_keys(os.environ, settings.secret_file)
    relay = settings.relay
    password = secrets.relay_password(os.environ, relay.password_file) if relay.username else None
    log.hide(secret.value for secret in (*keys, *([password] if password else [])))
    return DeliveryContext(settings, database, LinkSigner(keys), password, now)


def now() -> datetime:
    """Return the time of the wall clock, aware."""
    return datetime.now(UTC)


@contextmanager
def open_for_command(settings: Config) -> Iterator[Database]:
    """Keep the database open for the length of a command."""
    with closing(open_database(settings.database)) as database:
        yield database


def system_account() -> str:
    """Return the account on this machine, for the audit log. It is a claim of the machine, beside the name that the person gave."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such account, as in some containers
        return "unknown"
