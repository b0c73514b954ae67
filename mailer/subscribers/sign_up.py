"""Signing up: a stranger's wish → one mail to the address, which has to be answered before anybody is subscribed.

`request_confirmation` decides and notes; it sends nothing, so that a page takes the same time whether the address is known, was asked a moment ago, or is
neither. The mail waits in the database (a relay that is away for an hour loses no sign-up) until a `SignUpMailer` takes it. Nothing in it was typed by
whoever asked: no name is taken, and the lists' names come from the build. `confirm` subscribes, when the person behind the address has said so.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from mailer.config.settings import Config
from mailer.database.engine import Database
from mailer.database.readers import sign_ups
from mailer.database.readers.sign_ups import NewConfirmation
from mailer.message.compose import SenderIdentity, compose_note
from mailer.message.headers import list_id_line, mailbox_line, text_line
from mailer.message.sealed import SealedPurpose, TokenSealer
from mailer.model.issue import MailList
from mailer.model.readers import addresses
from mailer.model.readers.sign_up import LIFETIME, ListWish, SignUpClaim, Way
from mailer.model.readers.subscription import Frequency
from mailer.subscribers.words import words_of_reply

CONFIRM_PATH = "confirm"


@dataclass(frozen=True, slots=True)
class Requested:
    """What became of a request. Nothing of it may be shown to whoever asked: it tells whether the address was asked before.

    `is_due`: a mail will be sent. False: the mailbox was asked in the last 24 hours, three times in the last week, or wants no such mails.
    """

    claim: SignUpClaim
    token: str
    is_due: bool


def request_confirmation(
    database: Database,
    address: str,
    lists: Sequence[MailList],
    form: str,
    now: datetime,
    way: Way,
    *,
    sealer: TokenSealer,
    frequencies: Mapping[str, Frequency] | None = None,
    new_id: Callable[[], str] = lambda: secrets.token_hex(8),
) -> Requested:
    """Note that the address is to be asked whether it wants the lists. The mail leaves with the next `SignUpMailer.send_waiting`.

    :param form: html or light.
    :param frequencies: by the key of a list; each issue where none is given.
    :raises AddressError: not an address.
    """
    new = prepare(addresses.parse(address), lists, form, now, way, sealer=sealer, frequencies=frequencies, new_id=new_id)
    (is_due,) = sign_ups.begin(database, [NewConfirmation(sealer.hash_address(new.claim.address), new.token)], now)
    return Requested(new.claim, new.token, is_due)


def prepare(
    address: str,
    lists: Sequence[MailList],
    form: str,
    now: datetime,
    way: Way,
    *,
    sealer: TokenSealer,
    frequencies: Mapping[str, Frequency] | None = None,
    new_id: Callable[[], str] = lambda: secrets.token_hex(8),
) -> Requested:
    """Return the claim and its token, not noted yet (see `request_confirmation`).

    :param address: as `addresses.parse` returns it: reading it once more costs a tenth of a sign-up.
    """
    wishes = tuple(ListWish(each.key, (frequencies or {}).get(each.key, Frequency.ISSUE)) for each in lists)
    claim = SignUpClaim(address, wishes, form, way, now.replace(microsecond=0), new_id())
    return Requested(claim, sealer.seal(SealedPurpose.SIGN_UP, claim.pack()), is_due=False)


def read_token(sealer: TokenSealer, token: str) -> SignUpClaim:
    """Return what the token of a confirmation says.

    :raises TokenError: none of ours.
    """
    return SignUpClaim.unpack(sealer.open(SealedPurpose.SIGN_UP, token))


def compose_confirmation(claim: SignUpClaim, token: str, lists: Sequence[MailList], config: Config, code: str, sent_at: datetime) -> bytes:
    """Return the message, CRLF, 7-bit. Its sender is that of the first list. `code` is for whoever can only answer the mail; empty: no such way.

    :raises AddressError: an address that could break out of its header.
    """
    first, identity = lists[0], SenderIdentity.of(config)
    lines = (
        mailbox_line("From", first.from_name, first.from_address),
        mailbox_line("To", "", claim.address),
        mailbox_line("Reply-To", "", confirm_address(config, first) if code else first.contact),
        text_line("Subject", f"確認：「{first.title}」{'など' if len(lists) > 1 else ''}のお申し込み"),
        list_id_line(first.title, first.list_id),
    )
    text = _text(lists, f"{config.service_url}/{CONFIRM_PATH}/{token}", code)
    own_id = f"<sign-up-{sha256(token.encode()).hexdigest()[:40]}@{identity.message_id_domain}>"
    return compose_note(lines, text, sent_at=sent_at, zone=identity.time_zone, own_id=own_id)


def confirm_address(config: Config, mail_list: MailList) -> str:
    """Return the address that takes answers with a code (`mailer.inbound.empty_mail`)."""
    return f"{mail_list.key}-confirm@{config.inbound.domain}"


def _text(lists: Sequence[MailList], link: str, code: str) -> str:
    names = "\n".join(f"・{each.title}" for each in lists)
    by_reply = (
        f"ページを開けないときは、件名に {code} と書いて、このメールに返信してください。\n{words_of_reply(lists).text}\n\n" if code else ""
    )
    return (
        "メールマガジンのお申し込みを受け付けました。まだ登録していません。\n\n"
        f"{names}\n\n"
        "次のアドレスを開いて、ボタンを押すと、登録が終わります。\n\n"
        f"{link}\n\n"
        f"{by_reply}"
        f"このアドレスは{LIFETIME.days}日間使えます。\n\n"
        "お心当たりがないときは、何もしないでください。登録されることはありません。\n"
        "このようなメールが続いて困るときは、上のページで、今後の確認メールを断れます。\n\n"
        f"お問い合わせ {lists[0].contact}\n\n"
        "If you did not ask for this, ignore it: nothing will be sent to you. To subscribe, open the link above and press the button.\n"
    )
