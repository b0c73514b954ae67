"""The second half of the corpus: servers and filters at other houses, reports in other languages, and what is no bounce at all."""

from __future__ import annotations

from mailer.model.returned.bounce import BounceClass as C
from tests.samples.mail import bounce_formats as by
from tests.samples.mail.bounce_corpus import Case

T, MX = "taro@town.example.jp", "mx.town.example.jp"
JA = "taro@会社.example.jp"

SERVERS = (
    Case(
        "Postfix, unknown",
        by.postfix(T, MX, f"550 5.1.1 <{T}>: Recipient address rejected: User unknown in local recipient table", "RCPT", "5.1.1"),
        T,
        C.UNKNOWN,
    ),
    Case(
        "Postfix, unverified",
        by.postfix(T, MX, f"450 4.1.1 <{T}>: Recipient address rejected: unverified address", "RCPT", "4.1.1"),
        T,
        C.TEMPORARY,
    ),
    Case(
        "Postfix, client refused",
        by.postfix(T, MX, "554 5.7.1 <relay[192.0.2.1]>: Client host rejected: Access denied", "RCPT", "5.7.1"),
        T,
        C.POLICY,
    ),
    Case(
        "Postfix, block list that names the recipient",
        by.postfix(
            T,
            MX,
            f"554 5.7.1 <{T}>: Recipient address rejected: blocked using zen.spamhaus.org, no such user at your network",
            "RCPT",
            "5.7.1",
        ),
        T,
        C.POLICY,
    ),
    Case(
        "Postfix, no such domain",
        by.report(f"<{T}>: Host or domain name not found. Name service error for name=town.example.jp", T, "5.4.4", diagnostic=""),
        T,
        C.UNKNOWN,
    ),
    Case(
        "Postfix, given up after days",
        by.report(f"<{T}>: connect to {MX}[192.0.2.25]:25: Connection timed out", T, "4.4.1"),
        T,
        C.TEMPORARY,
    ),
    Case(
        "Postfix, delayed",
        by.report(f"<{T}>: connect to {MX}: Connection refused", T, "4.4.1", action="delayed", subject="Delayed Mail"),
        T,
        C.TEMPORARY,
    ),
    Case("Postfix, too large", by.postfix(T, MX, "552 5.3.4 Message size exceeds fixed limit", "MAIL", "5.3.4"), T, C.TOO_LARGE),
    Case("sendmail, unknown", by.sendmail(T, MX, f"550 5.1.1 <{T}>... User unknown"), T, C.UNKNOWN),
    Case("sendmail, relaying", by.sendmail(T, MX, f"550 5.7.1 <{T}>... Relaying denied", "RCPT", "5.7.1"), T, C.POLICY),
    Case(
        "sendmail 8.9, prose",
        by.plain(
            f"   ----- The following addresses had permanent fatal errors -----\n<{T}>\n\n   ----- Transcript of session follows -----\n550 <{T}>... User unknown\n\n   ----- Original message follows -----\n"
        ),
        T,
        C.UNKNOWN,
    ),
    Case("qmail, unknown", by.qmail(T, "Sorry, no mailbox here by that name. (#5.1.1)"), T, C.UNKNOWN),
    Case("qmail, full", by.qmail(T, "The users mailfolder is over the allowed quota (size). (#5.2.2)"), T, C.FULL),
    Case("qmail, no host", by.qmail(T, "Sorry, I couldn't find any host named town.example.jp. (#5.1.2)"), T, C.UNKNOWN),
    Case(
        "qmail, days",
        by.qmail(T, "I'm not going to try again; this message has been in the queue too long. Connection timed out (#4.4.1)"),
        T,
        C.TEMPORARY,
    ),
    Case("Exim, unrouteable", by.exim_local(T, "Unrouteable address"), T, C.UNKNOWN),
    Case("Exim, content", by.exim(T, MX, "550 This message contains a virus (Eicar)", "BODY"), T, C.CONTENT),
    Case("Exim, retry", by.exim_local(T, "retry timeout exceeded"), T, C.TEMPORARY),
    Case(
        "Courier, unknown",
        by.report(
            f"This is a delivery status notification from {MX}.\n<{T}>:\n {MX} [192.0.2.25]:\n>>> RCPT TO:<{T}>\n<<< 550 User unknown.",
            T,
            "5.0.0",
            diagnostic="550 User unknown.",
        ),
        T,
        C.UNKNOWN,
    ),
    Case(
        "OpenSMTPD, unknown",
        by.report(
            f"Hi!\n\nThis is the MAILER-DAEMON, please DO NOT REPLY to this email.\n{T}: 550 Invalid recipient",
            T,
            "5.1.1",
            diagnostic="550 Invalid recipient",
        ),
        T,
        C.UNKNOWN,
    ),
    Case(
        "Haraka, unknown",
        by.report(f"The following address(es) failed:\n{T}", T, "5.1.1", diagnostic="550 I cannot deliver mail for taro: no such user"),
        T,
        C.UNKNOWN,
    ),
    Case(
        "PowerMTA, full",
        by.report(
            "This Message was undeliverable due to the following reason: quota exceeded", T, "5.2.2", diagnostic="552 quota exceeded"
        ),
        T,
        C.FULL,
    ),
    Case(
        "Domino, unknown",
        by.report(f"Your message couldn't be delivered\n\n{T}", T, "5.1.1", diagnostic=f"550 User {T} not listed in Domino Directory"),
        T,
        C.UNKNOWN,
    ),
    Case(
        "GroupWise, unknown",
        by.plain(
            f"The message that you sent was undeliverable to the following:\n\n        {T} (550 user not found)\n",
            subject="Message status - undeliverable",
        ),
        T,
        C.UNKNOWN,
    ),
    Case(
        "IMail, unknown",
        by.plain(f"Unknown user: {T}\n\nOriginal message follows.\n", head="X-Mailer: <SMTP32 v8.22>\n", subject="Undeliverable Mail"),
        T,
        C.UNKNOWN,
    ),
    Case(
        "MDaemon, unknown",
        by.plain(f"The attached message had PERMANENT fatal delivery errors!\n\n> {T}\nSession: 550 <{T}> No such user here"),
        T,
        C.UNKNOWN,
    ),
    Case("Kerio, full", by.plain(f"Your message could not be delivered to: {T}\n552 5.2.2 Mailbox full"), T, C.FULL),
    Case(
        "Sun JES, unknown",
        by.report(
            f"Your message cannot be delivered to the following recipients:\n  Recipient address: {T}\n  Reason: unknown or illegal alias",
            T,
            "5.1.1",
        ),
        T,
        C.UNKNOWN,
    ),
    Case(
        "CommuniGate, unknown", by.report(f"Failed to deliver to '{T}'", T, "5.1.1", diagnostic="550 account does not exist"), T, C.UNKNOWN
    ),
    Case(
        "Zimbra, unknown", by.postfix(T, MX, f"550 5.1.1 <{T}>: Recipient address rejected: town.example.jp", "RCPT", "5.1.1"), T, C.UNKNOWN
    ),
    Case(
        "Mimecast, unknown",
        by.postfix(T, "jp-smtp-inbound-1.mimecast.com", "550 Invalid Recipient - https://community.mimecast.com [abc] "),
        T,
        C.UNKNOWN,
    ),
    Case(
        "Proofpoint, blocked",
        by.postfix(T, "mx0a-0001.pphosted.com", "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", "MAIL"),
        T,
        C.POLICY,
    ),
    Case(
        "Barracuda, unknown",
        by.postfix(T, "d1.ess.barracudanetworks.com", f"550 permanent failure for one or more recipients ({T}:550 No such user)", "BODY"),
        T,
        C.UNKNOWN,
    ),
    Case("Cisco, unknown", by.postfix(T, "mx1.hc1.iphmx.com", "550 #5.1.0 Address rejected."), T, C.UNKNOWN),
    Case("MessageLabs, invalid", by.postfix(T, "cluster1.messagelabs.com", "550 Invalid recipient (#5.1.1)"), T, C.UNKNOWN),
    Case(
        "Trend Micro, refused",
        by.postfix(T, "town.in.tmes.trendmicro.com", "550 5.7.1 ERS-QIL: blocked using Trend Micro Email Reputation", "MAIL", "5.7.1"),
        T,
        C.POLICY,
    ),
    Case(
        "Amazon SES, its own report",
        by.report(
            "An error occurred while trying to deliver the mail to the following recipients:",
            T,
            "5.1.1",
            diagnostic="550 5.1.1 user unknown",
        ),
        T,
        C.UNKNOWN,
    ),
    Case("Sakura, unknown", by.sendmail(T, "www0000.sakura.ne.jp", f"550 5.1.1 <{T}>... User unknown"), T, C.UNKNOWN),
    Case(
        "Xserver, full",
        by.postfix(T, "sv0000.xserver.jp", f"552 5.2.2 <{T}>: Recipient address rejected: Quota exceeded", "RCPT", "5.2.2"),
        T,
        C.FULL,
    ),
    Case(
        "Active! gate, Japanese prose",
        by.plain(
            f"メールを配送できませんでした。\n宛先: {T}\n理由: 宛先のメールアドレスが見つかりません",
            subject="配送エラー",
            charset="iso-2022-jp",
        ),
        T,
        C.UNKNOWN,
    ),
    Case(
        "Gmail, Japanese prose",
        by.plain(f"次の宛先への配信に失敗しました: {T}\n応答: 550 5.1.1 The email account that you tried to reach does not exist."),
        T,
        C.UNKNOWN,
    ),
    Case("moved", by.postfix(T, MX, "551 User not local; new address is given on request", "RCPT", "5.1.6"), T, C.MOVED),
    Case(
        "RFC 6533, an international address",
        by.report(
            "届けられませんでした",
            JA,
            "5.1.1",
            diagnostic="550 5.1.1 no such user",
            kind="message/global-delivery-status",
            final=f"utf-8; {JA}",
        ),
        JA,
        C.UNKNOWN,
    ),
    Case(
        "RFC 6533, escaped",
        by.report(
            "x",
            JA,
            "5.1.1",
            diagnostic="550 no such user",
            kind="message/global-delivery-status",
            final="utf-8; taro@\\x{4F1A}\\x{793E}.example.jp",
        ),
        JA,
        C.UNKNOWN,
    ),
    Case(
        "xtext",
        by.report("x", "a+b@town.example.jp", "5.1.1", diagnostic="550 no such user", original="rfc822; a+2Bb@town.example.jp"),
        "a+b@town.example.jp",
        C.UNKNOWN,
    ),
    Case(
        "Dovecot, rejected by a script of the reader's mailbox, as a disposition notification",
        by.rejected(T, "Quota exceeded (mailbox for user is full)"),
        T,
        C.FULL,
    ),
    Case(
        "Exchange, an address of X.400 around it",
        by.exchange_2003(f"c=JP;a= ;p=Town;o=Hall;dda:SMTP={T}", "The recipient name is not recognized. Unknown Recipient"),
        T,
        C.UNKNOWN,
    ),
    Case(
        "a gateway that has not given up",
        by.plain(
            f"Your message could not be delivered to {T}: user unknown.\n\nDelivery attempts will continue for 5 days.", subject="Warning"
        ),
        T,
        C.TEMPORARY,
    ),
    Case("an unknown server with a status alone", by.report("We could not do it.", T, "5.1.1"), T, C.UNKNOWN),
    Case("an unknown reason", by.postfix(T, MX, "554 Computer says no", "BODY", "5.0.0"), T, C.OTHER),
)

NO_BOUNCES = (
    Case(
        "holiday notice",
        by.plain("不在にしております。メールボックスは満杯です。", subject="自動応答: News", head="Auto-Submitted: auto-replied\n"),
        "",
        C.AUTO_REPLY,
    ),
    Case(
        "holiday notice with words of a bounce",
        by.plain(
            "I am away. If the mailbox is full or the user unknown, ask my colleague.", subject="Out of Office", head="X-Autoreply: yes\n"
        ),
        "",
        C.AUTO_REPLY,
    ),
    Case("it was delivered", by.report("Your message was successfully delivered", T, "2.1.5", action="delivered"), T, C.AUTO_REPLY),
    Case("it was passed on", by.report("relayed", T, "2.6.0", action="relayed"), T, C.AUTO_REPLY),
    Case("read receipt", by.plain("読みました", head="Precedence: auto_reply\n"), "", C.AUTO_REPLY),
)
