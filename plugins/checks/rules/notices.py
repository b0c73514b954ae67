"""Notices, and what they say in やさしい日本語: T501 to T508. All of them warn: style never holds a notice up.

Sources: 出入国在留管理庁・文化庁「在留支援のためのやさしい日本語ガイドライン」 (2020), and the Digital Agency's design system for emergency banners.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from plugins.checks.rules.manuscript import Manuscript
from plugins.checks.rules.rule import Hit, Rule
from plugins.checks.rules.school_kanji import GRADES
from plugins.frontmatter.model.words.warning_levels import RENAMED

LONGEST_TITLE = 30
LONGEST_SENTENCE = 40
MOST_COMMAS = 2

_NOTICE = re.compile(r"^(?:level|severity):", re.MULTILINE)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE)
_EASY = re.compile(r"^easy:[ \t]*\n((?:[ \t]+.*(?:\n|\Z))+)", re.MULTILINE)
_VALUE = re.compile(r"^[ \t]+(?:(title|what|areas|action|issued_by):|-)[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE)
_SENTENCE = re.compile(r"[^。！？!?]+[。！？!?]?")
_KANJI = re.compile(r"[\u4e00-\u9fff々]+(?!（[ぁ-ゖー ]+）|[\u4e00-\u9fff々])")
_KATAKANA = re.compile(r"[ァ-ヶー]{4,}(?!（|[ァ-ヶー])")
_ASKS = re.compile(r"(?:ください|くださいね|ましょう|ないで|です|ます|ません)[。！!]?(?:（見本）)?$")

# Words that people who came to Japan last month have met.
_KNOWN = frozenset(
    "インターネット エレベーター スーパーマーケット コンビニ トイレット ペットボトル スマートフォン ホームページ タクシー アパート マンション".split()
)


def _fields(source: Manuscript) -> Iterator[tuple[str, int, str]]:
    """Yield key, offset and text of each value in the block ``easy``; an entry of a list has the key ``action``."""
    if "easy:" not in source.text:
        return
    for block in _EASY.finditer(source.text):
        for value in _VALUE.finditer(source.text, block.start(1), block.end(1)):
            if value[2]:
                yield value[1] or "action", value.start(2), value[2]


def _sentences(source: Manuscript) -> Iterator[tuple[str, int, str]]:
    for key, at, text in _fields(source):
        if key in ("what", "action"):
            yield from ((key, at + sentence.start(), sentence[0].strip()) for sentence in _SENTENCE.finditer(text))


def _long_titles(source: Manuscript) -> Iterator[Hit]:
    if not _NOTICE.search(source.text):
        return
    for title in _TITLE.finditer(source.text):
        if len(title[1]) > LONGEST_TITLE:
            ja = f"題名が{len(title[1])}字あります。{LONGEST_TITLE}字までにしてください。帯では途中までしか見えません"
            yield Hit(
                title.start(1),
                title.end(1),
                ja,
                f"the title has {len(title[1])} characters: {LONGEST_TITLE} at most, or the banner cuts it",
            )


def _renamed(source: Manuscript) -> Iterator[Hit]:
    if not _NOTICE.search(source.text):
        return
    for word, instead in ((each.word, each.instead) for each in RENAMED):
        for match in re.finditer(re.escape(word), source.text):
            yield Hit(
                *match.span(),
                f"「{word}」は2026年5月28日に名前が変わりました。「{instead}」と書いてください",
                f"{word!r} has another name since 28 May 2026: {instead}",
            )


def _long_sentences(source: Manuscript) -> Iterator[Hit]:
    for _, at, text in _sentences(source):
        if (length := len(re.sub(r"（[ぁ-ゖー ]+）| ", "", text))) > LONGEST_SENTENCE:
            yield Hit(
                at,
                at + len(text),
                f"やさしい日本語の文が{length}字あります。{LONGEST_SENTENCE}字までに分けてください",
                f"a sentence of {length} characters: {LONGEST_SENTENCE} at most",
            )


def _many_ideas(source: Manuscript) -> Iterator[Hit]:
    for _, at, text in _sentences(source):
        if text.count("、") > MOST_COMMAS:
            yield Hit(
                at,
                at + len(text),
                "一つの文に「、」が三つ以上あります。一つの文には一つのことだけを書いてください",
                "three commas or more: write one idea in a sentence",
            )


def _unasked(source: Manuscript) -> Iterator[Hit]:
    for key, at, text in _sentences(source):
        if key == "action" and not _ASKS.search(text):
            yield Hit(
                at,
                at + len(text),
                f"「{text[-12:]}」では、何をするのか分かりにくくなります。「〜てください」で終えてください",
                "end what people have to do with 〜てください",
            )


def _kanji(source: Manuscript, grade: int) -> Iterator[Hit]:
    for _, at, text in _fields(source):
        for match in _KANJI.finditer(text):
            if set(match[0]) - GRADES[grade] - {"々"} and match[0] not in ("訓練", "見本"):
                start = at + match.start()
                ja = f"「{match[0]}」に読みがありません。「{match[0]}（よみ）」と書くか、ひらがなにしてください"
                yield Hit(
                    start, start + len(match[0]), ja, f"{match[0]} goes beyond the kanji of grade {grade}: add its reading in brackets"
                )


def _katakana(source: Manuscript) -> Iterator[Hit]:
    for _, at, text in _fields(source):
        for match in _KATAKANA.finditer(text):
            if match[0] not in _KNOWN:
                start = at + match.start()
                ja = f"「{match[0]}」は分からない人がいます。「{match[0]}（…）」と説明を付けるか、別のことばにしてください"
                yield Hit(start, start + len(match[0]), ja, f"{match[0]!r} is jargon to some: explain it in brackets")


_GUIDE = "やさしい日本語ガイドライン（出入国在留管理庁・文化庁、2020年）"
_WHY_KANJI = ("日本語を習っている人は、習った漢字しか読めません", "who learns Japanese reads the kanji learnt so far")

RULES = (
    Rule(
        "T501", "warn", "長すぎる知らせの題名", "a title of a notice that is too long",
        "帯と短い文では、題名が途中で切れます", "the banner and short texts cut it",
        "デジタル庁デザインシステム 緊急時バナー",
        "title: 大雨のため石巻市の牡鹿地区と女川町の全部のがけや沢に近いところに避難指示\nlevel: 4", "title: 石巻市と女川町に避難指示\nlevel: 4",
        _long_titles,
    ),
    Rule(
        "T502", "warn", "名前の変わった防災気象情報", "a warning that has another name now",
        "同じことを二つの名前で聞くと、迷います", "who hears two names for one thing hesitates",
        "気象庁 新たな防災気象情報（2026年5月28日）",
        "title: 土砂災害警戒情報が出ました\nlevel: 4", "title: 土砂災害危険警報が出ました\nlevel: 4",
        _renamed,
    ),
    Rule(
        "T503", "warn", "長い文（やさしい日本語）", "a long sentence in やさしい日本語",
        "長い文は、終わりまで聞かないと意味が分かりません", "a long sentence is understood only at its end",
        _GUIDE,
        "easy:\n  what: 強い 雨が ふっていて 山や がけが くずれるかもしれないので とても あぶない ところが たくさん あります。",
        "easy:\n  what: 強い 雨が ふっています。がけが くずれるかもしれません。",
        _long_sentences,
    ),
    Rule(
        "T504", "warn", "いくつものことを言う文（やさしい日本語）", "a sentence with several ideas",
        "一つの文に一つのことだと、訳しやすく、覚えやすくなります", "one idea in a sentence is easy to translate and to keep",
        _GUIDE,
        "easy:\n  what: 雨が ふり、川が あふれ、道が 切れ、人が こまっています。", "easy:\n  what: 雨が ふりました。川が あふれました。",
        _many_ideas,
    ),
    Rule(
        "T505", "warn", "頼み方の分からない文（やさしい日本語）", "a step that asks for nothing",
        "「避難」や「〜こと」だけでは、しなさいと言われているのか分かりません", "a noun alone does not tell people to act",
        _GUIDE,
        "easy:\n  action: 高い ところへ 行くこと", "easy:\n  action: 高い ところへ 行ってください。",
        _unasked,
    ),
    Rule(
        "T506", "warn", "読みのない漢字（小学三年生まで）", "kanji beyond grade 3 without a reading",
        *_WHY_KANJI, _GUIDE,
        "easy:\n  what: 津波が 来ます。", "easy:\n  what: 津波（つなみ）が 来ます。",
        partial(_kanji, grade=3),
    ),
    Rule(
        "T507", "off", "読みのない漢字（小学二年生まで）", "kanji beyond grade 2 without a reading",
        *_WHY_KANJI, _GUIDE,
        "easy:\n  what: 橋が あぶないです。", "easy:\n  what: 橋（はし）が あぶないです。",
        partial(_kanji, grade=2),
    ),
    Rule(
        "T508", "warn", "説明のないカタカナ語（やさしい日本語）", "katakana jargon without a gloss",
        "カタカナの ことばは、元の言葉を知っていても通じないことがあります", "katakana words are often unlike the words they come from",
        _GUIDE,
        "easy:\n  what: ライフラインが 止まりました。", "easy:\n  what: ライフライン（水、電気、ガス）が 止まりました。",
        _katakana,
    ),
)  # fmt: skip
