"""Reads complaints: ARF (RFC 5965), which CFBL (RFC 9477) uses too. Pure.

A report sends the message back, or its headers. Whose it is can be read there: the signed links of List-Unsubscribe, the List-Id, or the CFBL-Feedback-ID.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailer.bounces import mime
from mailer.bounces.mime import Mail

REPORT = "message/feedback-report"
COMPLAINTS = frozenset({"abuse", "fraud", "other", "virus", "opt-out", "opt-out-list", "complaint"})
"""Feedback types that end a list. `not-spam` (RFC 6430) is the reader's taking it back; `auth-failure` (RFC 6591) and `dmarc` are about our DNS."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A feedback report: its type, who reports (User-Agent), and the headers of the message that was reported (names in lower case)."""

    feedback_type: str
    reporter: str
    headers: mime.Fields

    @property
    def is_complaint(self) -> bool:
        """Whether the reader does not want the mail."""
        return self.feedback_type in COMPLAINTS


def read_complaint(mail: Mail) -> Complaint | None:
    """The feedback report of the message, or None if it has none."""
    report = next((part for part in mail.all_parts() if part.get_content_type() == REPORT), None)
    if report is None:
        return None
    groups = mime.field_groups(mime.status_text(report))
    fields = groups[0] if groups else {}
    enclosed = mail.enclosed()
    headers = {} if enclosed is None else {name: mime.decoded(value) for name, value in mime.raw_headers(enclosed)}
    return Complaint(fields.get("feedback-type", "").strip().lower() or "abuse", fields.get("user-agent", "")[:100], headers)
