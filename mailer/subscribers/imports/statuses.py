"""What a word in a file's column of status means for consent. A word that is not known never subscribes anybody. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailer.subscribers.imports.columns import normalised


class Membership(StrEnum):
    """What another system says of a reader."""

    SUBSCRIBED = "subscribed"
    LEFT = "left"
    BLOCKED = "blocked"
    UNCONFIRMED = "unconfirmed"
    UNKNOWN = "unknown"


WORDS: Mapping[Membership, frozenset[str]] = {
    Membership.SUBSCRIBED: frozenset(
        "enabled active subscribed confirmed optin on yes 配信中 有効 購読中 登録中 登録済 登録済み 配信 購読 本登録 配信可".split()
    ),
    Membership.LEFT: frozenset(
        "unsubscribed left removed cancelled canceled optout inactive off no 解除 退会 退会済 退会済み 配信停止 停止 停止中 購読解除 登録解除 解除済 解除済み "
        "解約 削除 配信解除 配信停止中 無効".split()
    ),
    Membership.BLOCKED: frozenset(
        "blocklisted blacklisted blocked banned bounced cleaned disabled complained spam suppressed エラー エラー停止 配信エラー 不達 拒否 受信拒否 ブロック "
        "禁止 配信不可 不可".split()
    ),
    Membership.UNCONFIRMED: frozenset("unconfirmed pending new waiting 未確認 仮登録 未承認 未認証 確認待ち 承認待ち 認証待ち 仮".split()),
}


def membership_of(word: str, chosen: Mapping[str, Membership] | None = None) -> Membership:
    """What the word means. An empty cell and a word that nobody knows are `UNKNOWN`.

    :param chosen: what the operator says of some words, as they stand in the file.
    """
    if chosen and word in chosen:
        return chosen[word]
    plain = normalised(word)
    return next((membership for membership, words in WORDS.items() if plain in words), Membership.UNKNOWN)
