"""The mailer's exceptions, one family. The command line prints the message of one as a line, never a traceback.

Each message says what happened, to what, and what to do. `exit_status` is that of the command line: 1 if a person must change
something, 75 (EX_TEMPFAIL, sysexits.h) if another try may help.
"""

from __future__ import annotations

from pathlib import Path


class TodokeMailError(Exception):
    """The base of all of them."""

    exit_status = 1


class ConfigError(TodokeMailError):
    """`mailer.toml` cannot be used. `diagnostics` has every bad key, so that one round of editing is enough."""

    def __init__(self, path: Path, diagnostics: tuple[str, ...]) -> None:
        self.path = path
        self.diagnostics = diagnostics
        super().__init__(f"{path}: " + "; ".join(diagnostics))


class SecretMissing(TodokeMailError):
    """A secret is in neither the environment nor its file, or is too weak to be one."""


class NotPrivate(TodokeMailError):
    """Other accounts of this machine may read a file that must be private. `command` mends that."""

    def __init__(self, path: Path, mode: int, command: str) -> None:
        self.path = path
        self.mode = mode
        self.command = command
        super().__init__(f"{path}: other accounts of this machine can read it (mode {mode:04o}). Make it private: {command}")


class DkimError(TodokeMailError):
    """A key that signs messages is missing or cannot be used. Nothing leaves without the signature that the settings promise."""


class DnsUnavailable(TodokeMailError):
    """No name server has answered. It says nothing about the name."""

    exit_status = 75


class NotAuthenticated(TodokeMailError):
    """Receivers could not tell the issue from a forgery. Nothing was frozen or sent."""

    def __init__(self, domain: str, why: str) -> None:
        self.domain = domain
        super().__init__(
            f"Mail From {domain} has no working authentication: {why}. Gmail, Yahoo! JAPAN and the carriers would refuse it, and count it against the domain. "
            'Nothing was sent. See `todoke doctor`; to send all the same: --anyway "REASON".'
        )


class BundleError(TodokeMailError):
    """Something under `output/mail` is missing, damaged or not what it says. The ledger has not been touched."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class AddressError(TodokeMailError):
    """An e-mail address or a name that must not go into a message. `reason` may be shown to the person who wrote it."""

    def __init__(self, value: str, reason: str) -> None:
        self.value = value
        self.reason = reason
        super().__init__(f"{value!r}: {reason}")


class MessageError(TodokeMailError):
    """A message that must not leave, for example because a personal place was not filled in."""


class TokenError(TodokeMailError):
    """A link that this service did not sign, or whose key has been retired. The message does not repeat the token."""


class LinkOutdated(TokenError):
    """A link that we signed and that opens nothing any more: its reader has revoked it, or it has expired."""


class PreferenceError(TodokeMailError):
    """A posted form that the preferences page cannot have made."""


class DeliveryRefused(TodokeMailError):
    """Somebody confirmed a sign-up with an address to which nothing may be sent: only an operator can end that, with a reason."""

    def __init__(self, key: str) -> None:
        self.list = key
        super().__init__(
            f"Nothing of {key} may be sent to this address: see `todoke subscribers show`, and lift the suppression with a reason."
        )


class IllegalTransition(TodokeMailError):
    """A step between two states of a delivery that the table of states does not have."""


class DatabaseError(TodokeMailError):
    """The database cannot be opened, read or written."""


class DatabaseUnavailable(DatabaseError):
    """The database is locked, restarting or not reachable. Nothing is lost: run the command again."""

    exit_status = 75


class ImpossibleValue(DatabaseError):
    """A row holds what this program never writes: somebody wrote it by hand, or the file is damaged. It is not guessed what was meant.

    :param column: TABLE.COLUMN.
    :param description: what is there, without its words.
    """

    def __init__(self, column: str, description: str) -> None:
        table, _, name = column.partition(".")
        super().__init__(
            f"The database holds an impossible value in {column}: {description}. This program never writes that, so nothing is done with it. "
            f"Look through the column {name} of the table {table} with SQL, correct that row or restore a backup, and run the command again."
        )


class DatabaseMissing(DatabaseError):
    """There is no database at the place that `mailer.toml` names, or what is there is not one of ours. None is made by the way."""


class DatabaseReplaced(DatabaseError):
    """The file of the database was deleted or replaced while it was open: what was written last is not in the one that is there now."""


class LedgerRestored(TodokeMailError):
    """The ledger is older than what was sent from it, or another one. Sending on would send again what has left.

    :param reason: how that is known.
    :param outcome: what was not done because of it.
    """

    def __init__(self, reason: str, outcome: str = "Nothing was sent.") -> None:
        super().__init__(
            f"The database is not the one that was sent from last: {reason}. {outcome} "
            "If it was restored from a backup, see `todoke adopt-restored --dry-run`: it marks what journals know to have left."
        )


class RightMissing(TodokeMailError):
    """The right to send is another site's, or nobody's. Nothing leaves until an operator has taken over.

    :param why: how that is known.
    """

    def __init__(self, why: str) -> None:
        super().__init__(
            f"This site may not send: {why}. No further message was sent. If this site is to send from now on: `todoke take-over` shows the fence to take."
        )


class RightUnknown(TodokeMailError):
    """The storages that keep the right to send cannot be asked: without them nobody knows whether another site has taken over."""

    exit_status = 75

    def __init__(self, why: str) -> None:
        super().__init__(
            f"It cannot be asked whether this site may send: {why}. No further message was sent; it is tried again at the next run."
        )


class CsvError(TodokeMailError):
    """A file of subscribers that cannot be read at all. A bad line is a refusal, not an error."""


class SubscriberUnknown(TodokeMailError):
    """No subscriber has this number or address. The message does not repeat an address."""


class SubscriberBusy(TodokeMailError):
    """A sender holds a message to the subscriber at this moment."""

    exit_status = 75


class IssueUnknown(TodokeMailError):
    """No issue of that name has been frozen."""


class NobodySubscribed(TodokeMailError):
    """Freezing now would fix an empty list of recipients for good; most likely the import was forgotten."""


class IssueExpired(TodokeMailError):
    """It is too late to send the issue. A machine that was restored from a backup must not send old news."""


class SenderBusy(TodokeMailError):
    """Another `send` uses the same database."""


class RelayError(TodokeMailError):
    """The relay as a whole refuses or fails, not one recipient. `code` and `text` are its reply, or None and what happened instead."""

    def __init__(self, message: str, code: int | None = None, text: str = "") -> None:
        self.code = code
        self.text = text
        super().__init__(message)


class RelayUnavailable(RelayError):
    """The relay cannot be reached or asks to come back later. No delivery is lost: run `send` again."""

    exit_status = 75


class RelayRefused(RelayError):
    """The relay refuses us: TLS, password or sender address. Another try changes nothing."""


class JournalError(TodokeMailError):
    """The journal cannot be written or read. No message leaves without it."""

    exit_status = 75


class ServiceError(TodokeMailError):
    """The pages behind the links cannot be served."""


class ClockDoubted(TodokeMailError):
    """The clock of this machine may be ahead, and what was asked for cannot be undone."""


class ContentChanged(TodokeMailError):
    """A frozen issue in the database is not what the audit log says was frozen. None of it is sent any more."""


class IssueStopped(TodokeMailError):
    """The issue is paused, cancelled or not due yet, and somebody asked to send it."""


class ListenError(TodokeMailError):
    """The socket for returned mail cannot be made."""
