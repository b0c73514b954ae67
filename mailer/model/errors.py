"""Everything this package refuses, as one family. The command line prints the message as one line, never a traceback.

Each message says what happened, to what, and what to do. `exit_status` is what the command line returns: 1 for
something a person must change, 75 (EX_TEMPFAIL, sysexits.h) for something that another try may cure.
"""

from __future__ import annotations

from pathlib import Path


class TodokeMailError(Exception):
    """The base of the family."""

    exit_status = 1


class ConfigError(TodokeMailError):
    """`mailer.toml` cannot be used. `faults` holds every bad key, so that one round of editing is enough."""

    def __init__(self, path: Path, faults: tuple[str, ...]) -> None:
        self.path = path
        self.faults = faults
        super().__init__(f"{path}: " + "; ".join(faults))


class SecretMissing(TodokeMailError):
    """A secret is in neither the environment nor its file, or is too weak to be one."""


class BundleError(TodokeMailError):
    """Something under `output/mail` is missing, damaged or not what it says. The ledger has not been touched."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class AddressError(TodokeMailError):
    """An e-mail address or a name that must not go into a message. `reason` is fit to show to whoever wrote it."""

    def __init__(self, value: str, reason: str) -> None:
        self.value = value
        self.reason = reason
        super().__init__(f"{value!r}: {reason}")


class MessageError(TodokeMailError):
    """A message that must not leave, for example because a personal place was not filled in."""


class TokenError(TodokeMailError):
    """A link that this service did not sign, or whose key has been retired. Carries nothing of the token itself."""


class PreferenceError(TodokeMailError):
    """A posted form that the preferences page cannot have made."""


class IllegalTransition(TodokeMailError):
    """A delivery was asked to go from one state to another that the rules do not allow."""


class DatabaseError(TodokeMailError):
    """The database cannot be opened, read or written."""


class CsvError(TodokeMailError):
    """A file of subscribers that cannot be read at all. Single bad lines are refusals, not errors."""


class IssueUnknown(TodokeMailError):
    """No issue of that name has been frozen."""


class NobodySubscribed(TodokeMailError):
    """Freezing now would fix an empty list of recipients for good; most likely the import was forgotten."""


class IssueExpired(TodokeMailError):
    """The issue may no longer be sent: old news from a restored machine has gone out elsewhere."""


class SenderBusy(TodokeMailError):
    """Another `send` is at work on the same database."""


class RelayError(TodokeMailError):
    """The relay as a whole, not one recipient. `code` and `text` are its reply, or None and what was seen instead."""

    def __init__(self, message: str, code: int | None = None, text: str = "") -> None:
        self.code = code
        self.text = text
        super().__init__(message)


class RelayUnavailable(RelayError):
    """The relay cannot be reached or says to come back later. Nobody has lost anything: run `send` again."""

    exit_status = 75


class RelayRefused(RelayError):
    """The relay will not have us: TLS, password or sender address. Trying again changes nothing."""


class JournalError(TodokeMailError):
    """The journal cannot be written or read. Nothing leaves without it."""

    exit_status = 75


class IssueStopped(TodokeMailError):
    """The issue is paused, cancelled or not yet due, and somebody asked to send it."""
