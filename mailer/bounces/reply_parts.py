"""Finds code, enhanced status, step and server in what mail servers write about a refusal. Every pattern takes linear time. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from mailer.model.outcome import Phase
from mailer.model.returned.bounce import Refusal

LONGEST_TEXT = 4_000  # characters of a refusal that are looked at; receivers write a few hundred
# Not in an address of IPv4 (203.138.181.112), not in a longer number.
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
CODE = re.compile(r"(?<![\d.#:/-])([45]\d\d)(?=[ \-:;,)]|$)")
SAID = re.compile(
    r"(?:said:|<<<|smtp;|responded:|reply:|error was:|response:|respond with|returned)\s{0,3}[\"']?([45]\d\d)(?!\d)", re.IGNORECASE
)
HOST = re.compile(r"(?:host|from|by|server|talking to)\s{1,3}([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,10})", re.IGNORECASE)
ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~\"-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}")

# The words by which Postfix, Exim, sendmail, qmail and Exchange name the step; the later step first, since a transcript names those before it too.
PHASES: tuple[tuple[Phase, tuple[str, ...]], ...] = (
    (
        Phase.BODY,
        (
            "in reply to end of data",
            "after end of data",
            "failed after i sent the message",
            "after the message was sent",
            "to sending message body",
        ),
    ),
    (
        Phase.RCPT,
        ("in reply to rcpt to", "after rcpt to", "does not like recipient", ">>> rcpt to", "to rcpt to", "recipient was rejected"),
    ),
    (Phase.DATA, ("in reply to data command", "after data:", "failed on data command", ">>> data", "in reply to data")),
    (
        Phase.MAIL,
        ("in reply to mail from", "after mail from", "sender was rejected", ">>> mail from", "in reply to ehlo", "in reply to helo"),
    ),
)


def squeeze(text: str) -> str:
    """The text on one line, without control characters, at most `LONGEST_TEXT` characters."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: LONGEST_TEXT * 2])
    return " ".join(shown.split())[:LONGEST_TEXT]


def complete(refusal: Refusal) -> Refusal:
    """The refusal with what its text says and its fields do not."""
    text = squeeze(refusal.text)
    return replace(
        refusal,
        text=text,
        code=refusal.code or code_in(text),
        status=refusal.status or status_in(text),
        phase=refusal.phase or phase_in(text),
        host=(refusal.host or host_in(text)).lower(),
    )


def code_in(text: str) -> int | None:
    """The reply code: the one that a server is quoted with, else the first number that can be one."""
    match = SAID.search(text) or CODE.search(text)
    return int(match[1]) if match else None


def status_in(text: str) -> str:
    """The enhanced status (RFC 3463), or nothing."""
    match = STATUS.search(text)
    return match[1] if match else ""


def phase_in(text: str) -> Phase | None:
    """The step that was refused, if the text names it."""
    lower = text.lower()
    if ">>> data" in lower and lower.rfind("<<< 5", lower.find(">>> data")) < 0:
        lower = lower.partition(">>> data")[0]  # sendmail goes on to DATA after a refused RCPT: only what was answered counts
    if ">>> data" in lower and "<<< 5" in lower.partition(">>> data")[0]:
        return Phase.RCPT  # the first refusal decides: "503 Bad sequence" after DATA follows from it
    if ">>> data" in lower:
        return Phase.BODY  # sendmail's transcript shows no step between DATA and the answer to the body
    return next((phase for phase, words in PHASES if any(word in lower for word in words)), None)


def host_in(text: str) -> str:
    """The server that is quoted, or nothing."""
    match = HOST.search(text)
    return match[1].lower() if match else ""
