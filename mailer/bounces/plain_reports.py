"""Reads the reports of servers that write prose instead of RFC 3464: qmail, Exim, au, Exchange 5.5, Domino and others. Pure.

Each format is known by words that only its server writes. The rest is the same for all: the passage between these words and the copy of the returned
message is squeezed, and code, status, step and address are taken from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailer.bounces.mime import Mail
from mailer.bounces.reply_parts import ADDRESS, complete
from mailer.model.returned.bounce import Refusal

X400 = re.compile(r"^.*\bSMTP=", re.IGNORECASE)  # how Exchange writes an Internet address among those of X.400 (RFC 2156, "DDA")
# A server that says so tries again: the message is a warning.
WARNINGS = (
    "delivery attempts will continue",
    "will continue trying",
    "will keep trying",
    "will be retried",
    "not yet been delivered",
    "delivery is delayed",
    "do not need to resend",
    "再送信を試み",
    "再配送を試み",
    "配送が遅延",
)
BEFORE_A_MARK = 500  # characters: some servers say the reason first
LONGEST_PASSAGE = 4_000  # characters; the reason stands in the first lines


@dataclass(frozen=True, slots=True)
class PlainFormat:
    """How a server's report is known: `marks` in the body, in lower case, one of which must occur; `header`: a header that it must have, with `value`
    in it.
    """

    name: str
    marks: tuple[str, ...] = ()
    header: str = ""
    value: str = ""


FORMATS = (
    PlainFormat("Exim", ("this message was created automatically by mail delivery software",), "X-Failed-Recipients"),
    PlainFormat("Exim", ("a message that you sent could not be delivered to one or more of its recipients", "recipients failed")),
    PlainFormat(
        "qmail", ("this is the qmail-send program at", "i'm afraid i wasn't able to deliver your message to the following addresses")
    ),
    PlainFormat("Yahoo", ("message from yahoo.com", "unable to deliver message to the following address(es)")),
    PlainFormat("au", ("the user(s) account is", "each of the following recipients was rejected by a remote mail server")),
    PlainFormat("au", ("the following recipients did not receive this message",)),
    PlainFormat("au by KDDI", ("your mail sent on:", "your mail attempted to be delivered on:")),
    PlainFormat(
        "sendmail", ("----- the following addresses had permanent fatal errors -----", "----- transcript of session follows -----")
    ),
    PlainFormat("sendmail", ("----- the following addresses had delivery problems -----", "----- unsent message follows -----")),
    PlainFormat("Exchange", ("your message did not reach some or all of the intended recipients",)),
    PlainFormat(
        "Exchange", ("delivery has failed to these recipients or groups", "delivery has failed to these recipients or distribution lists")
    ),
    PlainFormat("Exchange", ("配信できませんでした", "次の受信者への配信に失敗しました", "宛先に配信できませんでした")),
    PlainFormat("Domino", ("your message couldn't be delivered", "failed to deliver to", "domino directory")),
    PlainFormat("GroupWise", ("the message that you sent was undeliverable to the following",)),
    PlainFormat("IMail", ("unknown user:", "undeliverable to"), "X-Mailer", "smtp32"),
    PlainFormat("Courier", ("this is a delivery status notification from", "unable to deliver your message to the following recipients")),
    PlainFormat("Postfix", ("i'm sorry to have to inform you that your message could not",)),
    PlainFormat(
        "MDaemon", ("the following addresses had", "mdaemon has detected", "the attached message had permanent fatal delivery errors")
    ),
    PlainFormat("Kerio", ("error messages from kerio", "your message could not be delivered to")),
    PlainFormat(
        "JavaMail", ("the message you sent could not be delivered", "your message cannot be delivered to the following recipients")
    ),
    PlainFormat(
        "Gmail", ("delivery to the following recipient failed permanently", "message wasn't delivered to", "message not delivered")
    ),
    PlainFormat("Gmail", ("次の宛先への配信に失敗", "メッセージは配信されませんでした", "アドレス不明")),
    PlainFormat("QQ", ("抱歉，您的邮件被退回来了", "退信")),
    PlainFormat("NetEase", ("抱歉，您的邮件无法发送", "coremail", "系统退信")),
    PlainFormat("Naver", ("메일 전송 실패", "전송 실패")),
    PlainFormat(
        "Japanese",
        (
            "送信先のメールアドレスが存在しない",
            "メールを配送できませんでした",
            "配送できませんでした",
            "お届けできませんでした",
            "送信できませんでした",
        ),
    ),
    PlainFormat("Dovecot", ("was automatically rejected:",)),  # in a disposition notification (RFC 8098), though it is no receipt
    PlainFormat("any", ("undelivered mail returned to sender", "the following message could not be delivered", "undeliverable mail")),
    PlainFormat(
        "any",
        ("delivery to the following recipients failed", "delivery to the following recipient has failed", "could not be delivered to"),
    ),
)

# Words behind which the returned message stands; what a newsletter says must not be taken for a reason.
COPIES = (
    "--- below this line is a copy of the message",
    "------ this is a copy of the message",
    "------ this is a copy of your message",
    "----- original message -----",
    "----- original message follows -----",
    "----- message header follows -----",
    "----- message headers follow -----",
    "----- unsent message follows -----",
    "----- returned message is below -----",
    "--- undelivered message follows ---",
    "--- original message follows",
    "--- returned message follows",
    "original message headers:",
    "original message header",
    "message text follows:",
    "the following is a copy of the",
    "--------------------------------------------------\nreceived:",
    "\nreturn-path: <",
    "\nreceived: from ",
    "元のメッセージ",
    "原始邮件",
)


def read_plain(mail: Mail) -> tuple[str, Refusal] | None:
    """The name of the format and the refusal, or None if no format fits.

    :returns: one refusal: ours has one recipient per envelope.
    """
    body = without_copy(mail.text())
    lower = body.lower()
    report_format = next((each for each in FORMATS if _fits(each, mail, lower)), None)
    if report_format is None:
        return None
    places = [at for at in (lower.find(mark) for mark in report_format.marks) if at >= 0]
    begin = max(min(places, default=0) - BEFORE_A_MARK, 0)
    passage = body[begin : begin + LONGEST_PASSAGE]
    recipient = mail.address(report_format.header) if report_format.header == "X-Failed-Recipients" else ""
    return report_format.name, complete(Refusal(passage, recipient or _first_address(passage) or _first_address(body)))


def is_warning(refusal: Refusal) -> bool:
    """Whether the server says that it has not given up."""
    return any(words in refusal.text.lower() for words in WARNINGS)


def without_copy(body: str) -> str:
    """The prose before the copy of the returned message."""
    lower = body.lower()
    places = [at for at in (lower.find(words) for words in COPIES) if at > 0]
    return body[: min(places, default=len(body))]


def _fits(known: PlainFormat, mail: Mail, lower: str) -> bool:
    if known.header and known.value not in mail.header(known.header).lower():
        return False
    if known.header and not mail.header(known.header):
        return False
    return any(mark in lower for mark in known.marks)


def _first_address(text: str) -> str:
    """The first address that is nobody's who only writes reports."""
    addresses = (X400.sub("", match[0].strip("\"'<>")) for match in ADDRESS.finditer(text[:LONGEST_PASSAGE]))
    return next((each for each in addresses if not each.lower().startswith(("mailer-daemon@", "postmaster@", "bounce+", "no-reply@"))), "")
