"""Characters that some readers cannot read or hear: T101 to T105, T108."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from plugins.checks.rules.dates import date_values
from plugins.checks.rules.manuscript import HIDDEN, Manuscript
from plugins.checks.rules.rule import Hit, Rule

_SYMBOL = re.compile(r"[\u2116\u2121\u2160-\u217f\u2460-\u24ff\u2776-\u2793\u301d-\u301f\u3220-\u3243\u3250-\u32cb\u32ff-\u33ff]")
_ANY = re.compile(f"{_SYMBOL.pattern[:-1]}\uff61-\uff9f０-９Ａ-Ｚａ-ｚ]")
_WORDS = {
    "№": "No.", "℡": "電話", "〝": "「", "〞": "」", "〟": "」", "㈱": "株式会社", "㈲": "有限会社", "㈹": "代表", "㏍": "株式会社", "㎡": "平方メートル", "㎢": "平方キロメートル",
    "㎥": "立方メートル", "㏄": "cc",
}  # fmt: skip
_HALF_KANA = re.compile(r"[\uff61-\uff9f]+")
_WIDE_DIGITS = re.compile(r"[０-９](?:[０-９，．,.]*[０-９])?")
_WIDE_LETTERS = re.compile(r"[Ａ-Ｚａ-ｚ]+")
_LETTER = r"[\u3041-\u309f\u30a1-\u30fa\u3400-\u9fff々]"
_SIGN = r"[━─═＝=＿*＊◆◇■□●○★☆♪▼▽▲△※…・～〜ー－\-]"
_ORNAMENT = re.compile(rf"({_SIGN})\1{{3,}}|[◆◇■□●○★☆♪▼▽▲△]{{4,}}")
_SIGNS = re.compile(rf"{_SIGN}{_SIGN}{{3}}")
_RULER = re.compile(r"^[\s|:*=_\-]+$")
_JOINED = frozenset(
    "日時 会場 場所 主催 共催 後援 協賛 対象 定員 費用 料金 内容 講師 締切 期間 期日 期限 時間 住所 氏名 電話 連絡先 備考 目的 資格 給与 職種 人数 方法 題名 名称 所在地 交通 参加費"
    " お知らせ お願い 問合せ 申込 申込先 問合先 宛先 送付先 件名 目次 記事 発行 編集 写真 資料".split()
)
"""Headings of notices, which people spread with spaces so that they line up. Only these are repaired: 森　進 may be a name."""
_GAP = r"[ \u3000]+"
_STRETCHED = "|".join(_GAP.join(word) for word in sorted(_JOINED, key=len, reverse=True))
_SPACED = re.compile(rf"[ \u3000](?<={_LETTER}.)[ \u3000]*{_LETTER}")
"""Two letters with a gap, which every spread word has. The pattern begins with the gap: a search skips to the next space."""
_KANJI = r"[\u3400-\u9fff々]"
_SPREAD = re.compile(rf"(?<!{_KANJI})(?:{_STRETCHED})(?!{_KANJI})|(?<!{_LETTER}){_LETTER}(?:{_GAP}{_LETTER})+(?!{_LETTER})")


@lru_cache(maxsize=1)  # four rules ask for the same source, one after the other
def _searchable(source: Manuscript) -> str:
    """Return the prose if it has one of the four kinds of character, else nothing: hardly any source has one, and four searches are saved.

    Values that hold a date are left out: T106 tells what to write in their place.
    """
    prose = source.prose if _ANY.search(source.prose) else ""
    for start, end in date_values(source) if prose else ():
        prose = prose[:start] + HIDDEN * (end - start) + prose[end:]
    return prose


def _symbols(source: Manuscript) -> Iterator[Hit]:
    for match in _SYMBOL.finditer(_searchable(source)):
        replacement = _plain_symbol(match[0])
        yield Hit(
            *match.span(),
            f"「{match[0]}」は、機種や読み上げソフトによって別の字になったり、読まれなかったりします。「{replacement}」のように書いてください",
            f"{match[0]!r} is another character, or silent, on some devices: write {replacement!r}",
            replacement,
        )


def _plain_symbol(symbol: str) -> str:
    if symbol in _WORDS:
        return _WORDS[symbol]
    if "❶" <= symbol <= "➓":
        return f"（{(ord(symbol) - ord('❶')) % 10 + 1}）"
    plain = unicodedata.normalize("NFKC", symbol)
    if plain.isdigit() and unicodedata.decomposition(symbol).startswith("<circle>"):
        return f"（{plain}）"
    return plain.replace("(", "（").replace(")", "）").replace("\u2044", "/")


_SPACING_MARKS = str.maketrans("\u3099\u309a", "\u309b\u309c")
"""A voicing mark that no letter before it took stands by itself: a combining one would be seen on what stands before, or not at all."""


def _half_kana(source: Manuscript) -> Iterator[Hit]:
    for match in _HALF_KANA.finditer(_searchable(source)):
        replacement = unicodedata.normalize("NFKC", match[0]).translate(_SPACING_MARKS)
        yield Hit(
            *match.span(),
            f"半角カナ「{match[0]}」はメールで文字化けします。全角の「{replacement}」で書いてください",
            f"half-width kana {match[0]!r} breaks in mail: write {replacement!r}",
            replacement,
        )


def _spread(source: Manuscript) -> Iterator[Hit]:
    for match in _SPREAD.finditer(source.prose) if _SPACED.search(source.prose) else ():
        joined = re.sub(r"[ \u3000]+", "", match[0])
        yield Hit(
            *match.span(),
            f"「{match[0]}」は、ことばの途中に空白があり、一字ずつ別に読まれます。「{joined}」と続けて書いてください",
            f"{match[0]!r} has spaces inside a word and is read letter by letter: write {joined!r}",
            joined if joined in _JOINED else None,
        )


def _wide(pattern: re.Pattern[str], ja: str, en: str, source: Manuscript) -> Iterator[Hit]:
    for match in pattern.finditer(_searchable(source)):
        replacement = unicodedata.normalize("NFKC", match[0])
        if _is_among_keys(source, match.start()):
            replacement = replacement.replace(",", "")
        yield Hit(
            *match.span(),
            f"全角の{ja}「{match[0]}」は、検索で見つからず、一字ずつ読まれることがあります。半角の「{replacement}」で書いてください",
            f"full-width {en} {match[0]!r} are not found by search and may be read one by one: write {replacement!r}",
            replacement,
        )


def _is_among_keys(source: Manuscript, at: int) -> bool:
    """Tell whether a place lies between the braces of ``{label: 住宅, done: １，２３４}``, where a half-width comma ends the value."""
    return at < source.body and "{" in source.text[source.text.rfind("\n", 0, at) + 1 : at]


def _digits(source: Manuscript) -> Iterator[Hit]:
    return _wide(_WIDE_DIGITS, "数字", "digits", source)


def _letters(source: Manuscript) -> Iterator[Hit]:
    return _wide(_WIDE_LETTERS, "英字", "letters", source)


def _ornaments(source: Manuscript) -> Iterator[Hit]:
    at = 0
    for line in source.prose.splitlines(keepends=True) if _SIGNS.search(source.prose) else ():
        for match in () if _RULER.match(line) else _ORNAMENT.finditer(line):
            yield Hit(
                at + match.start(),
                at + match.end(),
                f"飾りの記号「{match[0][:6]}」は、読み上げソフトが一つずつ読みます。消すか、見出し（##）や区切り（---）にしてください",
                f"ornament {match[0][:6]!r} is read out sign by sign: delete it, or use a heading (##) or a rule (---)",
            )
        at += len(line)


RULES = (
    Rule(
        "T101", "error", "機種依存文字", "machine-dependent characters",
        "①や㈱は、機種によって別の字になり、読み上げソフトが読まないことがあります。ISO-2022-JPのメールでは送れません",
        "such characters change between devices, are skipped by screen readers, and cannot be sent in ISO-2022-JP mail",
        "JIS X 0208, Unicode <compat>", "①㈱石巻の広さは20㎡です。", "（1）株式会社石巻の広さは20平方メートルです。", _symbols, fixes=True,
    ),
    Rule(
        "T102", "error", "半角カナ", "half-width kana",
        "半角カナはメールで文字化けし、濁点が離れて読まれ、検索でも見つかりません",
        "half-width kana breaks in mail, its voicing marks are read apart, and search does not find it",
        "RFC 1468", "ﾎﾞﾗﾝﾃｨｱを募集します。", "ボランティアを募集します。", _half_kana, fixes=True,
    ),
    Rule(
        "T103", "warn", "ことばの途中の空白", "spaces inside a word",
        "「日　時」は「ひ、とき」と読まれ、検索でも見つかりません。並びをそろえるのは表や見た目の設定の役目です",
        "日　時 is read as two words and not found by search; lining up is the work of tables and style sheets",
        "JIS X 8341-3 1.3.2, WCAG 2.2 F32", "日　時 3月21日", "日時 3月21日", _spread, fixes=True,
    ),
    Rule(
        "T104", "warn", "全角の数字", "full-width digits",
        "全角の数字は検索で見つからず、二けた以上が一字ずつ読まれることがあります",
        "full-width digits are not found by search, and longer numbers may be read digit by digit",
        "公用文作成の考え方（2022）", "２０１５年３月に１，２３４人が集まりました。", "2015年3月に1,234人が集まりました。", _digits, fixes=True,
    ),
    Rule(
        "T105", "warn", "全角の英字", "full-width letters",
        "全角の英字は一字ずつ読まれることがあり、検索で見つかりません",
        "full-width letters may be read one by one and are not found by search",
        "公用文作成の考え方（2022）", "ＪＲ石巻線", "JR石巻線", _letters, fixes=True,
    ),
    Rule(
        "T108", "warn", "飾りの記号の並び", "ornaments made of signs",
        "読み上げソフトは「くろまる くろまる」と一つずつ読みます",
        "a screen reader speaks every sign of the row",
        "WCAG 2.2 H86", "●●●●お知らせ", "お知らせ", _ornaments,
    ),
)  # fmt: skip
