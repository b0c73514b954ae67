"""Which key of front matter somebody meant: keys in Japanese, in capitals or full-width letters, with characters that nobody sees, or misspelt. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from difflib import get_close_matches

_JAPANESE = {
    "title": "題名 タイトル 表題 件名 標題 見出し",
    "date": "日付 日時 公開日 公開日時 掲載日 発行日 投稿日",
    "summary": "要約 概要 あらまし まとめ リード",
    "municipalities": "市町村 地域 市町 自治体",
    "topics": "テーマ 話題 分類 カテゴリ カテゴリー タグ",
    "image": "画像 写真 絵 アイキャッチ",
    "image_alt": "画像の説明 写真の説明 代替テキスト",
    "expires": "公開終了 掲載終了 公開期限 掲載期限 終了日 有効期限",
    "updated": "更新日 更新日時 更新 改訂日",
    "draft": "下書き",
    "slug": "スラッグ",
    "kind": "種類 種別",
    "start": "開始 開始日時 始まり 開催日 開催日時",
    "end": "終了 終了日時 終わり",
    "venue": "会場 場所 開催場所",
    "address": "住所 所在地",
    "fee": "費用 料金 参加費 入場料",
    "organizer": "主催 主催者",
    "contact": "問合せ 問い合わせ 問合せ先 問い合わせ先 連絡先",
    "capacity": "定員",
    "deadline": "締切 締め切り 締切日 応募締切",
    "employer": "事業所 雇用主 会社 会社名 勤務先",
    "place": "勤務地 就業場所",
    "employment": "雇用形態",
    "pay": "給与 賃金 時給 月給 給料 報酬",
    "phone": "電話 電話番号 連絡先電話",
    "number": "募集人数 人数 採用人数",
    "hours": "勤務時間 就業時間 働く時間",
    "holidays": "休日 休み",
    "insurance": "保険 加入保険",
    "duties": "仕事の内容 仕事内容 業務内容",
    "apply": "申込み 申込方法 申し込み 応募方法",
    "apply_by": "申込締切 申込期限 申し込み締め切り",
    "access": "交通 アクセス 行き方",
    "parking": "駐車場",
    "wheelchair": "車いす 車椅子",
    "video": "動画 映像",
    "captions": "字幕",
    "duration": "長さ 再生時間",
    "reporter": "記者 取材",
    "as_of": "時点 基準日",
    "fiscal_year": "年度",
    "school": "学校 学校名",
    "attachments": "資料 添付 添付ファイル",
    "figures": "数字 数値",
    "level": "警戒レベル レベル",
    "hazard": "災害 災害の種類",
    "areas": "対象地域 対象 区域",
    "action": "行動 とる行動",
    "issued_by": "発表 発信者 発表者",
    "preheader": "プリヘッダー",
}
_MEANT = {word: key for key, words in _JAPANESE.items() for word in words.split()}
"""Japanese word → key. No key of the models is Japanese, so a word here can take no key's place."""

_OTHER_PROGRAMS = {"tags": "topics", "categories": "topics", "category": "topics", "description": "summary", "excerpt": "summary", "lastmod": "updated", "modified": "updated",
                   "tel": "phone", "telephone": "phone", "salary": "pay", "wage": "pay", "location": "venue", "organiser": "organizer", "cover": "image",
                   "thumbnail": "image", "featured_image": "image", "eyecatch": "image", "alt": "image_alt", "created": "date", "pubdate": "date", "published_at": "date"}  # fmt: skip
"""Keys of Hugo, Jekyll, Pelican and WordPress for the same."""


def plain_key(key: str) -> str:
    """Return ``key`` in small ASCII letters where it has full-width or capital ones, without spaces and what nobody sees."""
    letters = (each for each in unicodedata.normalize("NFKC", key) if unicodedata.category(each)[0] not in "CZ")
    return "".join(letters).strip(" 【】「」『』[]<>*_#\"'").lower().replace("-", "_")


def meant_key(key: str, known: Collection[str]) -> str | None:
    """Return the one of the ``known`` keys that ``key`` most likely stands for; None if nothing is near."""
    plain = plain_key(key)
    candidate = plain if plain in known else _MEANT.get(plain) or _OTHER_PROGRAMS.get(plain)
    if candidate in known:
        return candidate
    return next(iter(get_close_matches(plain, known, n=1)), None)


def english_key(key: str) -> str:
    """Return the key that a Japanese word, or a key in other letters, stands for; ``key`` itself if it stands for none."""
    plain = plain_key(key)
    return _MEANT.get(plain) or (plain if plain.isascii() and plain else key)
