"""What the commands on readers share: an address that is asked for, a reader by number, the entry in the audit log."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import typer

from mailer.cli.runtime import now, system_account, wrong_usage
from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.database.readers import reader_records
from mailer.database.readers.reader_records import ReaderRecord
from mailer.model.audit_log import AuditEvent
from mailer.model.errors import AddressError, SubscriberUnknown
from mailer.model.ids import SubscriberId
from mailer.model.readers import addresses


def ask_address() -> str:
    """Read an address from the terminal or the first line of standard input. Ends with status 2 if it is none; the message does not repeat it."""
    text = ask("address メールアドレス")
    try:
        return addresses.parse(text)
    except AddressError:
        wrong_usage("That is not an address. メールアドレスの書き方を確かめてください。")


def ask(question: str) -> str:
    """Read one line from the terminal, with a question, or the next line of standard input without one."""
    if sys.stdin.isatty():
        return str(typer.prompt(question, default="", show_default=False)).strip()
    return sys.stdin.readline().strip()


def subscriber_of(database: Database, number: int) -> ReaderRecord:
    """All that is known of a reader.

    :raises SubscriberUnknown: there is none with this number.
    """
    record = reader_records.record_of(database, SubscriberId(number))
    if record is None:
        raise SubscriberUnknown(f"There is no subscriber {number}. `todoke subscribers find` shows the number of an address.")
    return record


def note(database: Database, what: str, details: Mapping[str, str]) -> None:
    """Append to the audit log what was done with readers' data, without an address.

    :raises SecretMissing: there is no key to seal it with.
    """
    audit_log.append(database, AuditEvent(system_account(), what, "", details), now=now())
