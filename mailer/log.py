"""The operator's log, in English: one line for each event on standard error, as text or as JSON (``--log text`` and ``--log json``).

Lines of the libraries (uvicorn, Procrastinate, Alembic, asyncio, Python's warnings) take the same way through `logging` and come out in the same form.
A line names issues, batches, relays, subscribers by number and replies of relays. It never holds an address, a signed link, a password or a key: the
formatter replaces them in every line, whoever wrote it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

Fact = str | int | float | None

LOGGER = logging.getLogger("mailer")
ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)*")
"""Characters of RFC 5322 section 3.2.3 (atext) and of RFC 6531. It takes more than valid addresses: a log may lose a word, never hide too little."""
LINK_TOKEN = re.compile(r"(/(?:unsubscribe|preferences|join|return|confirm|person|address)/)[^\s/?#\"'<>]+")
PASSWORD_IN_URL = re.compile(r"(://[^\s/@:]*):[^\s/@]*@")
MESSAGE_ID = "message"
"""The fact that holds a Message-ID. It looks like an address and is none: an operator searches the relay's log for it."""


IDEOGRAPHIC_SPACE = "\u3000"
"""Japanese text has it; `str.isprintable` counts it among the separators."""


class LogKind(StrEnum):
    """What the log looks like. With ``off`` only warnings are shown, as bare sentences."""

    OFF = "off"
    TEXT = "text"
    JSON = "json"


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to the stream of the command. A reader of the log that has gone away must not end a run."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore a closed pipe or file; any other fault is one of the program and is printed by `logging`."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handleError(record)


_secrets: set[str] = set()
_handlers: list[_Handler] = []


def configure(kind: LogKind, out: TextIO, verbosity: int = 0) -> None:
    """Send every line of the process to ``out`` in this form from now on.

    :param verbosity: -1 warnings only, 0 events, 1 also what libraries write for their developers (level DEBUG).
    """
    reset()
    handler = _Handler(out)
    handler.setFormatter(_formatter(kind))
    _handlers.append(handler)
    root = logging.getLogger()
    root.addHandler(handler)
    # SQLAlchemy sets its own level to WARNING, so that no level here makes it write statements with their parameters, which are addresses.
    root.setLevel(logging.WARNING if kind is LogKind.OFF else {-1: logging.WARNING, 1: logging.DEBUG}.get(verbosity, logging.INFO))
    logging.captureWarnings(kind is not LogKind.OFF)
    for each in [*LOGGER.filters]:  # Pelican, where one process loads both halves (tests), drops lines that it has seen before
        LOGGER.removeFilter(each)


def reset() -> None:
    """Take the handler away, as before the first `configure`."""
    while _handlers:
        logging.getLogger().removeHandler(_handlers.pop())
    logging.getLogger().setLevel(logging.WARNING)
    logging.captureWarnings(False)


def is_on() -> bool:
    """Whether events are written, as text or as JSON."""
    return any(not isinstance(handler.formatter, SentenceFormatter) for handler in _handlers)


def hide(secrets: Iterable[str]) -> None:
    """Replace these values in every later line."""
    _secrets.update(secret for secret in secrets if secret)


def event(event: str, **facts: Fact) -> None:
    """Write one event, for example ``event("batch claimed", issue="fukko-press/45", rows=500)``. Costs a lookup while the log is off."""
    if LOGGER.isEnabledFor(logging.INFO):
        LOGGER.info(event, extra={"facts": facts})


def warning(event: str, **facts: Fact) -> None:
    """Write an event of level WARNING."""
    LOGGER.warning(event, extra={"facts": facts})


def error(event: str, *, exception: BaseException | None = None, **facts: Fact) -> None:
    """Write an event of level ERROR, with a traceback if ``exception`` is given."""
    LOGGER.error(event, extra={"facts": facts}, exc_info=exception)


def redact(text: str, address: str) -> str:
    """Return a relay's reply without the recipient's address in it."""
    at = text.lower().find(address.lower()) if address else -1
    return text if at < 0 else f"{text[:at]}(recipient){redact(text[at + len(address) :], address)}"


def without_secrets(text: str) -> str:
    """Return the text without addresses, tokens of signed links, passwords in URLs and the values given to `hide`."""
    for secret in _secrets:
        text = text.replace(secret, "(secret)")
    if "/" in text:
        text = PASSWORD_IN_URL.sub(r"\1:(secret)@", LINK_TOKEN.sub(r"\1(token)", text))
    return ADDRESS.sub("(address)", text) if "@" in text else text


def fields(record: logging.LogRecord) -> dict[str, Fact]:
    """Return what a line says, in order: at, level, logger, event, the facts, the traceback. A library's own `extra` is left out."""
    facts: Mapping[str, Fact] = getattr(record, "facts", {})
    line: dict[str, Fact] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": record.getMessage(),
    }
    line |= {name: fact for name, fact in facts.items() if fact is not None}
    if record.exc_info:
        line["traceback"] = logging.Formatter().formatException(record.exc_info)
    return {name: without_secrets(fact) if isinstance(fact, str) and name != MESSAGE_ID else fact for name, fact in line.items()}


def escape(line: str) -> str:
    """Return the line with JSON escapes for what no log viewer should obey: line breaks, C0 and C1 controls, bidi controls (Unicode TR 36)."""
    if line.isprintable():
        return line
    return "".join(sign if sign.isprintable() or sign == IDEOGRAPHIC_SPACE else json.dumps(sign)[1:-1] for sign in line)


class TextFormatter(logging.Formatter):
    """``2026-03-11T05:46:00.000+00:00 info mailer: batch claimed issue="fukko-press/45" rows=500``; a traceback is one quoted value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        (_, at), (_, level), (_, logger), (_, event), *facts = fields(record).items()
        pairs = (f"{name}={json.dumps(fact, ensure_ascii=False)}" for name, fact in facts)
        return escape(" ".join((f"{at} {level} {logger}: {event}", *pairs)))


class SentenceFormatter(logging.Formatter):
    """The bare message: for people who did not ask for a log."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return escape(without_secrets(record.getMessage()))


def _formatter(kind: LogKind) -> logging.Formatter:
    if kind is LogKind.TEXT:
        return TextFormatter()
    if kind is LogKind.OFF:
        return SentenceFormatter()
    from pythonjsonlogger.json import JsonFormatter  # imported here, because it costs 20 ms of every command

    class JsonLines(JsonFormatter):
        def add_fields(self, log_data: dict[str, object], record: logging.LogRecord, message_dict: dict[str, object]) -> None:  # noqa: ARG002
            log_data.update(fields(record))

        def serialize_log_record(self, log_data: dict[str, object]) -> str:
            return escape(super().serialize_log_record(log_data))

    return JsonLines(json_ensure_ascii=False)
