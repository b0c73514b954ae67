"""What every command of the mailer shares: how it begins and ends, its options, the wall clock, and where sentences go."""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from mailer import log, private_files, secrets
from mailer.approval import anchors
from mailer.cli.screen.japanese import in_both_languages
from mailer.cli.screen.machine_output import OutputFormat
from mailer.config.settings import Config
from mailer.database.engine import Database, open_database
from mailer.delivery.context import DeliveryContext
from mailer.delivery.recovery import restored
from mailer.log import LogKind
from mailer.message.dkim import keys as dkim_keys
from mailer.message.links import LinkSigner
from mailer.model.audit_log import AuditEntry, AuditSeal
from mailer.model.clock import FIRST_YEAR, LAST_YEAR
from mailer.model.errors import AddressError, IssueUnknown, JournalError, LedgerRestored, NotPrivate, SecretMissing, TodokeMailError
from mailer.model.issue import IssueRef
from mailer.model.readers import addresses
from mailer.model.readers.suppression import AddressKeys

EX_SOFTWARE = 70
"""Exit status for a fault of ours (sysexits.h), as `todoke.py` has it."""
EX_REFUSED = 1
"""Exit status where files, database or relay refuse what the command wants."""

ConfigPath = Annotated[Path, typer.Option("--config", help="The mailer's settings. 設定ファイル")]
MailPath = Annotated[Path, typer.Option("--mail", help="The folder of issues that `build` wrote. 作成済みの号のフォルダー")]
LogOption = Annotated[LogKind, typer.Option("--log", help="What happens, line by line on standard error. 動きの記録")]
Ref = Annotated[str, typer.Argument(metavar="LIST/NUMBER", help="The issue, for example fukko-press/45. 配信先と号数")]
MaybeRef = Annotated[str | None, typer.Argument(metavar="LIST/NUMBER", help="Only this issue. この号だけ")]
AddressOption = Annotated[str, typer.Option("--address", metavar="ADDRESS", help="Only this address. このアドレスだけ")]
FormatOption = Annotated[OutputFormat, typer.Option("--format", help="Text, or JSON or CSV for other programs. 出力の形")]
JsonFlag = Annotated[bool, typer.Option("--json", hidden=True, help="The same as --format json.")]
CsvFlag = Annotated[bool, typer.Option("--csv", hidden=True, help="The same as --format csv.")]
UtcFlag = Annotated[bool, typer.Option("--utc", help="Show times in UTC, not in the site's zone. 日時を協定世界時で示す")]

TIME_OF_DAY = re.compile(r"[T ]\d\d:?\d\d", re.ASCII)
CONFIG = Path("mailer.toml")
MAIL = Path("output/mail")


def verbosity() -> int:
    """Return -1 with ``--quiet``, 1 with ``--verbose``, else 0. `todoke.py` leaves it in the context; without a command running it is 0."""
    context = typer.main.get_current_context(silent=True)  # type: ignore[attr-defined]  # Typer has no public name for it
    return int(context.meta.get("todoke.verbosity", 0)) if context else 0


@contextmanager
def command_session(logs: LogKind = LogKind.OFF) -> Iterator[None]:
    """Run a command: its log goes to standard error, and an error becomes one line and an exit status instead of a traceback.

    With a log, the errors are lines of the log too: a program that reads ``--log json`` must find nothing else on standard error. Whatever a library
    makes meanwhile (SQLite's journal, a lock) is for this account alone.
    """
    log.configure(logs, sys.stderr, verbosity())
    umask = os.umask(private_files.OTHERS)
    try:
        yield
    except TodokeMailError as error:
        report_error(in_both_languages(error))
        raise typer.Exit(error.exit_status) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if logs is LogKind.OFF:
            raise  # `todoke.py` tells people
        is_refusal = isinstance(error, OSError) and error.filename is not None  # a file or folder: no fault of ours
        event = "a file cannot be read or written" if is_refusal else "unexpected error"
        log.error(event, exception=error if verbosity() > 0 else None, why=f"{type(error).__name__}: {error}")
        raise typer.Exit(EX_REFUSED if is_refusal else EX_SOFTWARE) from None
    finally:
        os.umask(umask)
        log.reset()


def report_error(sentence: str) -> None:
    """Say on standard error, or in the log, why the command ends."""
    if log.is_on():
        log.error(one_line(sentence))
    else:
        typer.echo(one_line(sentence), err=True)


def notify(sentence: str) -> None:
    """Say on standard error, or in the log, what the operator should know. It is shown with ``--quiet`` too."""
    if log.is_on():
        log.warning(one_line(sentence))
    else:
        typer.echo(one_line(sentence), err=True)


def say(sentence: str) -> None:
    """Print what was done and what comes next, on one line. Not with ``--quiet``."""
    if verbosity() >= 0:
        typer.echo(one_line(sentence))


def one_line(sentence: str) -> str:
    """Return the sentence on one line; a name in it, or a relay's reply, can neither begin a second line nor steer the terminal."""
    return log.escape(" ".join(sentence.split()))


def console() -> Console:
    """Return standard output for tables. Rich heeds ``NO_COLOR`` and the width of the terminal (``COLUMNS``)."""
    return Console(highlight=False)


def wrong_usage(sentence: str) -> NoReturn:
    """Say what is wrong with the command line, and end with status 2, as Typer does for what it finds itself.

    Status 2 is for a line that nobody could carry out. What the files, the database or the relay refuse is status 1, even if a name in it was mistyped.
    """
    report_error(sentence)
    raise typer.Exit(2)


def parse_ref(text: str) -> IssueRef:
    """Read LIST/NUMBER. Ends with status 2 if it is none."""
    try:
        return IssueRef.parse(text)
    except IssueUnknown as error:
        wrong_usage(f"{error} 配信先/号数 の形で書いてください。例 fukko-press/45")


def parse_time(text: str, zone: tzinfo) -> datetime:
    """Read a date with a time; without an offset it is a time of ``zone``. Ends with status 2 if it is none.

    A date alone is refused: whoever writes it does not mean midnight.
    """
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    except ValueError:
        moment = None
    if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
        moment = None
    if moment is None or not TIME_OF_DAY.search(text):
        wrong_usage(f"{text!r} is not a date with a time. Write it as 2026-03-11T14:46. 日時は 2026-03-11T14:46 の形で書いてください。")
    return moment


def check_address(text: str) -> str:
    """Return an address of the command line as it was written. Ends with status 2 if it is none."""
    try:
        addresses.parse(text)
    except AddressError as error:
        wrong_usage(in_both_languages(error))
    return text


def chosen_format(output_format: OutputFormat, *, is_json: bool = False, is_csv: bool = False) -> OutputFormat:
    """Return the format, which older versions wrote as ``--json`` and ``--csv``. Ends with status 2 if two are asked for."""
    asked = {form for form, is_asked in ((OutputFormat.JSON, is_json), (OutputFormat.CSV, is_csv)) if is_asked}
    asked |= {output_format} - {OutputFormat.TEXT}
    if len(asked) > 1:
        wrong_usage("Ask for one format: --format json or --format csv. 形は一つだけ選んでください。")
    return next(iter(asked), OutputFormat.TEXT)


def shown_zone(settings: Config, is_utc: bool) -> tzinfo:
    """Return the zone in which times are shown."""
    return UTC if is_utc else settings.time_zone


def delivery_context(settings: Config, database: Database) -> DeliveryContext:
    """Return what a real run needs: secrets from the environment or files, and the wall clock. The log hides these secrets.

    :raises SecretMissing: no key to sign links, or no password although there is a user name.
    :raises DkimError: a domain of [dkim] has no key.
    """
    keys = secrets.signing_keys(os.environ, settings.secret_file)
    relay = settings.relay
    password = secrets.relay_password(os.environ, relay.password_file) if relay.username else None
    log.hide(secret.value for secret in (*keys, *([password] if password else [])))
    return DeliveryContext(settings, database, LinkSigner(keys), password, now, dkim=dkim_keys.load_active(settings.dkim))


def now() -> datetime:
    """Return the time of the wall clock, aware."""
    return datetime.now(UTC)


@contextmanager
def open_for_orders(settings: Config) -> Iterator[Database]:
    """As `open_for_command`, for a command that orders something about an issue.

    :raises LedgerRestored: it is a database that was restored and not adopted yet. An order in it would be lost, or meant for another state.
    """
    with open_for_command(settings, tells_restored=False) as database:
        restored.refuse_orders(settings, database)
        yield database


@contextmanager
def open_for_command(settings: Config, *, tells_restored: bool = True) -> Iterator[Database]:
    """Keep the database open for the length of a command. The folder `var` beside mailer.toml is for this account alone, whoever made it.

    :param tells_restored: say so if nothing will be sent from it; False for a command that refuses or says it itself.
    :raises DatabaseMissing: there is none.
    """
    with suppress(NotPrivate):  # somebody else's folder: what is in it is private by itself
        private_files.restrict(settings.path.parent / "var")
    with closing(open_database(settings.database, _audit_seal(settings), _address_keys(settings))) as database:
        if tells_restored:
            _tell_restored(settings, database)
        yield database


def _tell_restored(settings: Config, database: Database) -> None:
    """Say that what is shown, or written, may be older than what was sent. That it cannot be known ends no command that only looks."""
    try:
        reason = restored.doubt(settings, database)
    except JournalError as error:
        notify(in_both_languages(error))
        return
    if reason:
        notify(in_both_languages(LedgerRestored(reason, "What is in it may be older than what was sent.")))


def _audit_seal(settings: Config) -> AuditSeal:
    """Return the keys of the audit log. Whoever only looks needs none: that they cannot be read is told when they are used."""
    on_append = partial(_note, anchors.path_of(settings))
    try:
        return AuditSeal(secrets.audit_keys(os.environ, settings.audit_key_file, settings.secret_file) or None, on_append)
    except (SecretMissing, NotPrivate) as problem:
        return AuditSeal(None, on_append, problem)


def _address_keys(settings: Config) -> AddressKeys:
    """Return the keys that hash addresses. That they cannot be read is told when they are used."""
    try:
        return AddressKeys(secrets.address_keys(os.environ, settings.address_key_file, settings.secret_file))
    except (SecretMissing, NotPrivate) as problem:
        return AddressKeys((), problem)


def _note(path: Path, entry: AuditEntry) -> None:
    """Note the newest entry of the audit log beside the journals. The entry is written already: nothing ends because the note is not."""
    try:
        anchors.note(path, entry)
    except anchors.AnchorError as error:
        notify(in_both_languages(error))


def system_account() -> str:
    """Return the account on this machine, for the audit log. It is a claim of the machine, beside the name that the person gave."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such account, as in some containers
        return "unknown"
