"""Writers of returned mail, one for each server's published format. The words are those that the servers write; everything around them is ours."""

from __future__ import annotations

from textwrap import fill

RETURN_PATH = "bounce+45-7-0123456789ab@todoke.example.jp"
ISSUE = (
    "From: =?utf-8?b?44G/44KE44GO?= <fukko-press@todoke.example.jp>\n"
    "To: {recipient}\n"
    "Subject: User unknown, mailbox full: how to write to evacuees\n"
    "List-Id: <fukko-press.todoke.example.jp>\n"
    "Message-ID: <abc@todoke.example.jp>\n"
)
"""Headers of what is returned. The subject has words that must not be taken for a reason."""
COMMANDS = {"RCPT": "RCPT TO", "BODY": "end of DATA", "DATA": "DATA", "MAIL": "MAIL FROM"}


def report(
    prose: str,
    recipient: str,
    status: str,
    *,
    diagnostic: str = "",
    action: str = "failed",
    host: str = "",
    sender: str = "MAILER-DAEMON@relay.example.jp",
    subject: str = "Undelivered Mail Returned to Sender",
    kind: str = "message/delivery-status",
    original: str = "",
    final: str = "",
    charset: str = "utf-8",
) -> bytes:
    """A report of RFC 3464."""
    fields = [f"Final-Recipient: {final or f'rfc822; {recipient}'}"]
    fields += [f"Original-Recipient: {original}"] if original else []
    fields += [f"Action: {action}", f"Status: {status}"]
    fields += [f"Remote-MTA: dns; {host}"] if host else []
    fields += [f"Diagnostic-Code: smtp; {diagnostic}"] if diagnostic else []
    global_ = kind != "message/delivery-status"
    text = (
        f"From: Mail Delivery System <{sender}>\nTo: {RETURN_PATH}\nSubject: {subject}\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={"global-" if global_ else ""}delivery-status; boundary="b1"\n\n'
        f"--b1\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n{prose}\n\n"
        f"--b1\nContent-Type: {kind}\n\nReporting-MTA: dns; relay.example.jp\nArrival-Date: Wed, 11 Mar 2026 14:46:00 +0900\n\n"
        + "\n".join(fields)
        + f"\n\n--b1\nContent-Type: {'message/global-headers' if global_ else 'message/rfc822'}\n\n{ISSUE.format(recipient=recipient)}\nbody\n\n--b1--\n"
    )
    return _crlf(text, charset)


def plain(
    prose: str, *, sender: str = "MAILER-DAEMON@mx.example.jp", subject: str = "failure notice", head: str = "", charset: str = "utf-8"
) -> bytes:
    """A report that is prose only."""
    text = (
        f"From: {sender}\nTo: {RETURN_PATH}\nSubject: {subject}\n{head}MIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n{prose}\n"
    )
    return _crlf(text, charset)


def rejected(recipient: str, reason: str) -> bytes:
    """Dovecot's delivery agent: a refusal in the form of a receipt (RFC 8098)."""
    text = (
        "From: Mail Delivery Subsystem <postmaster@mx.example.jp>\nSubject: Rejected: News\nAuto-Submitted: auto-replied (rejected)\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n'
        f"Your message to <{recipient}> was automatically rejected:\n{reason}\n--b\nContent-Type: message/disposition-notification\n\n"
        f"Reporting-UA: mx.example.jp; Dovecot\nFinal-Recipient: rfc822; {recipient}\n"
        "Disposition: automatic-action/MDN-sent-automatically; deleted\n\n--b--\n"
    )
    return text.replace("\n", "\r\n").encode()


def postfix(recipient: str, host: str, reply: str, phase: str = "RCPT", status: str = "5.0.0", **more: str) -> bytes:
    """Postfix 3: the step is in the prose only."""
    said = fill(
        f"<{recipient}>: host {host}[192.0.2.25] said: {reply} (in reply to {COMMANDS[phase]} command)", 78, subsequent_indent="    "
    )
    prose = f"This is the mail system at host relay.example.jp.\n\nI'm sorry to have to inform you that your message could not\nbe delivered.\n\n{said}"
    return report(prose, recipient, status, diagnostic=reply, host=host, **more)


def sendmail(recipient: str, host: str, reply: str, phase: str = "RCPT", status: str = "5.1.1") -> bytes:
    """sendmail 8: a transcript; after a refused RCPT it goes on to DATA."""
    command = {"RCPT": f"RCPT To:<{recipient}>", "BODY": "DATA", "DATA": "DATA", "MAIL": "MAIL From:<x@y.example>"}[phase]
    end = (
        f"550 5.1.1 <{recipient}>... User unknown\n>>> DATA\n<<< 503 Bad sequence of commands"
        if phase == "RCPT"
        else "554 5.0.0 Service unavailable"
    )
    prose = (
        "The original message was received at Wed, 11 Mar 2026 14:46:00 +0900\n\n"
        f"   ----- The following addresses had permanent fatal errors -----\n<{recipient}>\n    (reason: {reply})\n\n"
        f"   ----- Transcript of session follows -----\n... while talking to {host}.:\n>>> {command}\n<<< {reply}\n{end}"
    )
    return report(prose, recipient, status, diagnostic=reply, host=host, subject="Returned mail: see transcript for details")


def exim(recipient: str, host: str, reply: str, phase: str = "RCPT") -> bytes:
    """Exim 4 without a report: Auto-Submitted says auto-replied, and yet it is a bounce."""
    where = {"RCPT": f"RCPT TO:<{recipient}>", "BODY": "end of data", "MAIL": "MAIL FROM:<x@y.example>", "DATA": "DATA"}[phase]
    prose = (
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n"
        f"recipients. This is a permanent error. The following address(es) failed:\n\n  {recipient}\n    host {host} [192.0.2.25]\n"
        f"    SMTP error from remote mail server after {where}:\n    {reply}\n\n"
        f"------ This is a copy of the message, including all the headers. ------\n\n{ISSUE.format(recipient=recipient)}"
    )
    return plain(
        prose,
        subject="Mail delivery failed: returning message to sender",
        head=f"X-Failed-Recipients: {recipient}\nAuto-Submitted: auto-replied\n",
    )


def exim_local(recipient: str, reason: str) -> bytes:
    """Exim 4, refused by its own router."""
    prose = (
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n"
        f"recipients. This is a permanent error. The following address(es) failed:\n\n  {recipient}\n    {reason}\n"
    )
    return plain(
        prose,
        subject="Mail delivery failed: returning message to sender",
        head=f"X-Failed-Recipients: {recipient}\nAuto-Submitted: auto-replied\n",
    )


def qmail(recipient: str, reason: str, host: str = "mx.example.jp") -> bytes:
    """qmail-send 1.03."""
    prose = (
        f"Hi. This is the qmail-send program at {host}.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n"
        f"This is a permanent error; I've given up. Sorry it didn't work out.\n\n<{recipient}>:\n{reason}\n\n"
        f"--- Below this line is a copy of the message.\n\nReturn-Path: <{RETURN_PATH}>\n{ISSUE.format(recipient=recipient)}"
    )
    return plain(prose)


def qmail_remote(recipient: str, host_reply: str, stage: str, host: str = "mx.example.jp") -> bytes:
    """qmail-remote: another server's words."""
    return qmail(recipient, f"192.0.2.25 {stage}.\nRemote host said: {host_reply}", host)


def exchange_online(recipient: str, reply: str, status: str) -> bytes:
    """Microsoft 365: a report whose prose is HTML in many languages."""
    prose = f"Delivery has failed to these recipients or groups:\n\n{recipient}\n\nDiagnostic information for administrators:\n\nRemote Server returned '{reply}'"
    host = "TY3PR01MB0001.jpnprd01.prod.outlook.com"
    return report(
        prose, recipient, status, diagnostic=reply, host=host, sender="postmaster@outlook.com", subject=f"Undeliverable: {recipient}"
    )


def exchange_2003(recipient: str, reason: str) -> bytes:
    """Exchange 5.5 to 2003: prose only."""
    prose = (
        "Your message did not reach some or all of the intended recipients.\n\n      Subject:  News\n      Sent:     2026/03/11 14:46\n\n"
        f"The following recipient(s) could not be reached:\n\n      {recipient} on 2026/03/11 14:46\n            {reason}\n"
    )
    return plain(prose, subject="Undeliverable: News", sender="postmaster@mail.example.co.jp")


def gmail(recipient: str, reply: str, status: str, host: str = "gmail-smtp-in.l.google.com") -> bytes:
    """Google's own report (mail that Google sends on for a reader)."""
    prose = f"** Address not found **\n\nYour message wasn't delivered to {recipient}.\n\nThe response was:\n\n{reply}"
    subject = "Delivery Status Notification (Failure)"
    return report(prose, recipient, status, diagnostic=reply, host=host, sender="mailer-daemon@googlemail.com", subject=subject)


def complaint(return_path: str, feedback_type: str = "abuse", link: str = "") -> bytes:
    """A feedback report (RFC 5965); CFBL's (RFC 9477) are the same."""
    text = (
        "From: fbl@receiver.example\nTo: complaints@example.jp\nSubject: FW: News\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b1"\n\n'
        "--b1\nContent-Type: text/plain\n\nThis is an abuse report.\n\n"
        f"--b1\nContent-Type: message/feedback-report\n\nFeedback-Type: {feedback_type}\nUser-Agent: Receiver/1.0\nVersion: 1\n\n"
        f"--b1\nContent-Type: message/rfc822\n\nReturn-Path: <{return_path}>\n{ISSUE.format(recipient='redacted@receiver.example')}"
        + (f"List-Unsubscribe: <{link}>\n" if link else "")
        + "\nbody\n\n--b1--\n"
    )
    return _crlf(text, "utf-8")


def _crlf(text: str, charset: str) -> bytes:
    return text.encode(charset).replace(b"\n", b"\r\n")
