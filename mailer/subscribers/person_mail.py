"""The two mails of a reader's own page: the link to it, and the question whether a new address is the reader's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from mailer.config.settings import Config
from mailer.message.compose import SenderIdentity, compose_note
from mailer.message.headers import mailbox_line, text_line
from mailer.model.issue import MailList
from mailer.model.readers.person import LIFETIME, PersonClaim

PERSON_PATH, ADDRESS_PATH = "person", "address"
HOURS = int(LIFETIME.total_seconds() // 3600)


def compose_person_mail(claim: PersonClaim, token: str, lists: Sequence[MailList], config: Config, sent_at: datetime) -> bytes:
    """Return the message, CRLF, 7-bit. Its sender is that of the first list.

    :raises AddressError: an address that could break out of its header.
    """
    first, identity = lists[0], SenderIdentity.of(config)
    subject = "確認：新しいメールアドレス" if claim.new_address else "登録内容のページのお知らせ"
    lines = (
        mailbox_line("From", first.from_name, first.from_address),
        mailbox_line("To", "", claim.mailed_to),
        mailbox_line("Reply-To", "", first.contact),
        text_line("Subject", subject),
    )
    path = ADDRESS_PATH if claim.new_address else PERSON_PATH
    text = _text(claim, f"{config.service_url}/{path}/{token}", first.contact)
    own_id = f"<{path}-{sha256(token.encode()).hexdigest()[:40]}@{identity.message_id_domain}>"
    return compose_note(lines, text, sent_at=sent_at, zone=identity.time_zone, own_id=own_id)


def _text(claim: PersonClaim, link: str, contact: str) -> str:
    if claim.new_address:
        first = "メールマガジンの届け先を、このアドレスに変えるご希望を受け付けました。\n\nまだ変わっていません。次のアドレスを開いて、ボタンを押すと変わります。"
        unasked = "お心当たりがないときは、何もしないでください。このアドレスに届くことはありません。"
    else:
        first = (
            "登録内容を見たり、アドレスを変えたり、登録を消したりするページのお知らせです。\n\nこのページには、登録されていることがすべて出ます。"
            "このメールを人に転送しないでください。"
        )
        unasked = "お心当たりがないときは、何もしないでください。何も変わりません。"
    return f"{first}\n\n{link}\n\nこのアドレスは{HOURS}時間使えます。\n\n{unasked}\n\nお問い合わせ {contact}\n"
