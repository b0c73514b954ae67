"""Returned mail of the providers of mailboxes, each with the address and the class that must be read from it."""

from __future__ import annotations

from mailer.model.returned.bounce import BounceClass as C
from tests.samples.mail import bounce_formats as by
from tests.samples.mail.bounce_corpus import Case

Y, G, M, ICLOUD = "taro@yahoo.co.jp", "taro@gmail.com", "taro@outlook.jp", "taro@icloud.com"
GMX_, MX = "gmail-smtp-in.l.google.com", "mx.example.net"
GOOGLE_LOW = "550-5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail. 550 5.7.1 https://support.google.com/mail/?p=UnsolicitedMessageError"

MAILBOXES = (
    Case("Yahoo! JAPAN, unknown", by.postfix(Y, "mta.mail.yahoo.co.jp", "550 Requested action not taken: no such mailbox"), Y, C.UNKNOWN),
    Case("Yahoo! JAPAN, full", by.postfix(Y, "mta.mail.yahoo.co.jp", "552 5.2.2 user is over quota", "RCPT", "5.2.2"), Y, C.FULL),
    Case(
        "Gmail, unknown",
        by.postfix(G, GMX_, "550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1 NoSuchUser", "RCPT", "5.1.1"),
        G,
        C.UNKNOWN,
    ),
    Case(
        "Gmail, full",
        by.postfix(G, GMX_, "452-4.2.2 The recipient's inbox is out of storage space.", "RCPT", "4.2.2", action="delayed"),
        G,
        C.FULL,
    ),
    Case("Gmail, reputation", by.postfix(G, GMX_, GOOGLE_LOW, "BODY", "5.7.1"), G, C.POLICY),
    Case(
        "Gmail, no authentication",
        by.postfix(G, GMX_, "550-5.7.26 Your email has been blocked because the sender is unauthenticated.", "BODY", "5.7.26"),
        G,
        C.POLICY,
    ),
    Case(
        "Gmail, its own report",
        by.gmail("t@example.net", "550 5.1.1 <t@example.net>: Recipient address rejected: User unknown", "5.1.1", MX),
        "t@example.net",
        C.UNKNOWN,
    ),
    Case(
        "Google Groups, not allowed",
        by.gmail(
            "g@googlegroups.com",
            "The group you tried to contact may not exist, or you may not have permission to post messages.",
            "5.7.1",
            "groups.google.com",
        ),
        "g@googlegroups.com",
        C.FILTERED,
    ),
    Case(
        "Outlook.com, unknown",
        by.postfix(
            M,
            "outlook-com.olc.protection.outlook.com",
            "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
            "RCPT",
            "5.5.0",
        ),
        M,
        C.UNKNOWN,
    ),
    Case(
        "Outlook.com, our network is listed",
        by.postfix(
            M,
            "outlook-com.olc.protection.outlook.com",
            "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Part of their network is on our block list (S3150).",
            "MAIL",
            "5.7.1",
        ),
        M,
        C.POLICY,
    ),
    Case(
        "Microsoft 365, not in the directory",
        by.postfix(
            "t@corp.example",
            "corp-example.mail.protection.outlook.com",
            "550 5.4.1 Recipient address rejected: Access denied. [TY3PR01.prod.outlook.com]",
            "RCPT",
            "5.4.1",
        ),
        "t@corp.example",
        C.UNKNOWN,
    ),
    Case(
        "Microsoft 365, its own report, unknown",
        by.exchange_online(
            "t@corp.example", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "5.1.10"
        ),
        "t@corp.example",
        C.UNKNOWN,
    ),
    Case(
        "Microsoft 365, restricted",
        by.exchange_online("t@corp.example", "550 5.7.133 RESOLVER.RST.AuthRequired; authentication required", "5.7.133"),
        "t@corp.example",
        C.FILTERED,
    ),
    Case(
        "Microsoft 365, quota",
        by.exchange_online(
            "t@corp.example", "554 5.2.2 STOREDRV.Deliver.Exception:QuotaExceededException; Failed: quota exceeded", "5.2.2"
        ),
        "t@corp.example",
        C.FULL,
    ),
    Case(
        "Exchange 2003, unknown",
        by.exchange_2003(
            "t@firm.example", "The e-mail account does not exist at the organization this message was sent to. <mail.firm.example #5.1.1>"
        ),
        "t@firm.example",
        C.UNKNOWN,
    ),
    Case(
        "Exchange 2003, too large",
        by.exchange_2003("t@firm.example", "This message is larger than the current system limit. <mail.firm.example #5.2.3>"),
        "t@firm.example",
        C.TOO_LARGE,
    ),
    Case(
        "iCloud, unknown",
        by.postfix(ICLOUD, "mx01.mail.icloud.com", f"550 5.1.1 <{ICLOUD}>: user does not exist", "RCPT", "5.1.1"),
        ICLOUD,
        C.UNKNOWN,
    ),
    Case(
        "iCloud, policy",
        by.postfix(ICLOUD, "mx01.mail.icloud.com", "550 5.7.1 [HM08] Message rejected due to local policy.", "BODY", "5.7.1"),
        ICLOUD,
        C.POLICY,
    ),
    Case(
        "iCloud, content",
        by.postfix(ICLOUD, "mx01.mail.icloud.com", "554 5.7.1 [CS01] Message rejected due to local policy.", "BODY", "5.7.1"),
        ICLOUD,
        C.CONTENT,
    ),
    Case(
        "Yahoo, unknown",
        by.postfix(
            "t@yahoo.com",
            "mta5.am0.yahoodns.net",
            "554 delivery error: dd This user doesn't have a yahoo.com account (t@yahoo.com)",
            "BODY",
        ),
        "t@yahoo.com",
        C.UNKNOWN,
    ),
    Case(
        "Yahoo, complaints",
        by.postfix(
            "t@yahoo.com",
            "mta5.am0.yahoodns.net",
            "553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred",
            "MAIL",
            "5.7.2",
        ),
        "t@yahoo.com",
        C.POLICY,
    ),
    Case(
        "AOL, disabled",
        by.postfix("t@aol.com", "mx-aol.mail.gm0.yahoodns.net", "552 1 Requested mail action aborted, this mailbox is disabled"),
        "t@aol.com",
        C.UNKNOWN,
    ),
    Case(
        "Proton, unknown",
        by.postfix(
            "t@proton.me",
            "mail.protonmail.ch",
            "550 5.1.1 <t@proton.me>: Recipient address rejected: Address does not exist",
            "RCPT",
            "5.1.1",
        ),
        "t@proton.me",
        C.UNKNOWN,
    ),
    Case(
        "Zoho, unknown", by.postfix("t@zoho.com", "mx.zoho.com", "550 5.1.1 Invalid Recipients", "RCPT", "5.1.1"), "t@zoho.com", C.UNKNOWN
    ),
    Case(
        "GMX, unknown",
        by.postfix("t@gmx.net", "mx00.gmx.net", "550 Requested action not taken: mailbox unavailable"),
        "t@gmx.net",
        C.UNKNOWN,
    ),
    Case(
        "WEB.DE, policy",
        by.postfix("t@web.de", "mx-ha.web.de", "554 Transaction failed; Reject due to policy restrictions.", "BODY"),
        "t@web.de",
        C.POLICY,
    ),
    Case(
        "Mail.Ru, unknown",
        by.postfix(
            "t@mail.ru",
            "mxs.mail.ru",
            "550 Message was not accepted. Invalid mailbox. Local mailbox t@mail.ru is unavailable: user not found",
            "BODY",
        ),
        "t@mail.ru",
        C.UNKNOWN,
    ),
    Case(
        "Yandex, content",
        by.postfix("t@yandex.ru", "mx.yandex.ru", "554 5.7.1 [2] Message rejected under suspicion of SPAM", "BODY", "5.7.1"),
        "t@yandex.ru",
        C.CONTENT,
    ),
    Case("QQ, unknown", by.postfix("9@qq.com", "mx3.qq.com", "550 Mailbox not found. https://service.mail.qq.com"), "9@qq.com", C.UNKNOWN),
    Case("QQ, frequency", by.postfix("9@qq.com", "mx3.qq.com", "550 Domain frequency limited", "MAIL"), "9@qq.com", C.POLICY),
    Case(
        "NetEase, spam",
        by.postfix("t@163.com", "163mx01.mxmail.netease.com", "554 DT:SPM 163 mx29,PMCowA,1 https://mail.163.com/help", "BODY"),
        "t@163.com",
        C.CONTENT,
    ),
    Case(
        "Naver, unknown",
        by.postfix("t@naver.com", "mx1.naver.com", "550 5.1.1 Recipient Address Rejected: User unknown", "RCPT", "5.1.1"),
        "t@naver.com",
        C.UNKNOWN,
    ),
    Case(
        "nifty, unknown",
        by.postfix("t@nifty.com", "mx.nifty.com", "550 5.1.1 <t@nifty.com>... User unknown", "RCPT", "5.1.1"),
        "t@nifty.com",
        C.UNKNOWN,
    ),
    Case(
        "BIGLOBE, full",
        by.postfix("t@mta.biglobe.ne.jp", "mx.biglobe.ne.jp", "552 5.2.2 The receiver's mail box has exceeded the limit", "BODY", "5.2.2"),
        "t@mta.biglobe.ne.jp",
        C.FULL,
    ),
    Case("OCN, unknown", by.postfix("t@ocn.ne.jp", "mx.ocn.ad.jp", "550 5.1.1 User unknown", "RCPT", "5.1.1"), "t@ocn.ne.jp", C.UNKNOWN),
    Case(
        "So-net, full",
        by.postfix("t@so-net.ne.jp", "mx.so-net.ne.jp", "552 5.2.2 Mailbox would exceed maximum allowed storage", "BODY", "5.2.2"),
        "t@so-net.ne.jp",
        C.FULL,
    ),
    Case(
        "Plala, unknown, qmail's words",
        by.postfix("t@plala.or.jp", "mx.plala.or.jp", "553 sorry, no mailbox here by that name. (#5.7.1)"),
        "t@plala.or.jp",
        C.UNKNOWN,
    ),
)
