"""What a notice and a drill may not say: abolished orders, the words of another level, and whatever lets one be taken for the other.

The whole source is read, front matter and body, because readers meet each of its sentences in some form: on the page, in a mail, on air.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.document import Header
from plugins.frontmatter.model.notices import DRILL_MARK, Alert
from plugins.frontmatter.model.words.languages import LANGUAGES
from plugins.frontmatter.model.words.warning_levels import ABOLISHED, LEVELS
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.frontmatter.parse.source import Source

# 職業訓練校 is a school, where a shelter may be, and 「これは訓練ではありません」 is what a real warning says.
_DRILL = re.compile(
    r"(?<!職業)(?<!能力開発)(?:訓練(?![校所生]|施設|センター|では(?:ない|なく|ありません))|くんれん(?!では ?(?:ない|なく|ありません)))"
)
_LEVEL = re.compile(r"レベル ?([1-5１-５])")
_NOT_WORDS = frozenset({"slug", "updates", "cancels", "image", "aliases", "publication", "kind"})
"""Keys whose values nobody reads as a sentence."""

Text = tuple[int, str, str]
"""A line of the source, the language of what stands there (empty for Japanese), and the words."""


def speaks_of_drill(text: str) -> re.Match[str] | None:
    """Return where ``text`` speaks of a drill, if it does; a school of 職業訓練 is none."""
    return _DRILL.search(text)


def check_notice(source: Source, header: Header, references: ReferenceResolver) -> list[Diagnostic]:
    """Return what a notice or a drill says that it may not, and what it cannot follow; nothing for other types."""
    meta = header.meta
    if not isinstance(meta, Alert):
        return []
    texts = list(_texts(source))
    return [
        *_abolished(source, meta, texts),
        *(_drill_without_mark(source, meta) if meta.is_drill else _real_with_drill(source, texts)),
        *_other_level(source, meta),
        *_earlier(source, meta, references),
    ]


def _texts(source: Source) -> Iterator[Text]:
    """Yield every text of the source."""
    yield from _field_texts(source, (), {key: value for key, value in source.data.items() if key not in _NOT_WORDS})
    yield from ((source.body_line + number, "", line) for number, line in enumerate(source.body.splitlines()))


def _field_texts(source: Source, place: tuple[int | str, ...], value: object) -> Iterator[Text]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _field_texts(source, (*place, key), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _field_texts(source, (*place, number), inner)
    else:
        language = str(place[1]) if place[:1] == ("translations",) and len(place) > 1 else ""
        yield source.line_of(place), language, str(value)


def _abolished(source: Source, meta: Alert, texts: list[Text]) -> Iterator[Diagnostic]:
    for word, since, instead in ((each.word, each.since, each.instead) for each in ABOLISHED if each.since <= meta.date.date()):
        for line in (line for line, _, text in texts if word in text):
            yield Diagnostic(
                source.path,
                line,
                f"「{word}」は{since.year}年{since.month}月{since.day}日になくなりました。「{instead}」と書いてください",
                f"{word!r} was abolished on {since}: write {instead}",
                "F801",
            )


def _real_with_drill(source: Source, texts: list[Text]) -> Iterator[Diagnostic]:
    for line, language, text in texts:
        if word := _drill_word(language, text):
            yield Diagnostic(
                source.path,
                line,
                f"本当の知らせに「{word}」とあります。訓練なら content/drills/ に置き、本当の知らせなら、このことばを消してください",
                f"a real notice says {word!r}: move a drill to content/drills/, or take the word out",
                "F802",
            )


def _drill_word(language: str, text: str) -> str:
    match = _DRILL.search(text)
    if match and language not in ("zh-Hant",):
        return match[0]
    words = LANGUAGES[language].drill_words if language in LANGUAGES else ()
    return next((word for word in words if re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text.lower())), "")


def _drill_without_mark(source: Source, meta: Alert) -> Iterator[Diagnostic]:
    if not meta.title.removeprefix("【下書き】").startswith(DRILL_MARK):
        yield Diagnostic(
            source.path,
            source.line_of(("title",)),
            f"訓練の題名は「{DRILL_MARK}」で始めてください。ないと、本当の知らせと間違えられます",
            f"begin the title of a drill with {DRILL_MARK}: without it people take the drill for real",
            "F802",
        )


def _other_level(source: Source, meta: Alert) -> Iterator[Diagnostic]:
    """The title is what most people read: it may name no other level than the one that all forms show."""
    if meta.level is None:
        return
    numbers = {int(number) for number in _LEVEL.findall(meta.title)}
    orders = {level.number for level in LEVELS.values() if level.number > 2 and level.instruction in meta.title}
    for other in sorted((numbers | orders) - {meta.level}):
        yield Diagnostic(
            source.path,
            source.line_of(("title",)),
            f"題名は警戒レベル{other}（{LEVELS[other].instruction}）を言い、level は {meta.level} です。どちらかを直してください",
            f"the title speaks of level {other}, and level says {meta.level}: put one of them right",
            "F803",
        )


def _earlier(source: Source, meta: Alert, references: ReferenceResolver) -> Iterator[Diagnostic]:
    """The notice that this one updates or cancels has to be there, of the same kind, and earlier, so that a chain has an end."""
    key, named = ("updates", meta.updates) if meta.updates else ("cancels", meta.cancels)
    if named is None:
        return
    path = posixpath.normpath(f"{source.path.parent}/{named}")
    target = references.resolve("target", path) if path.split("/")[0] == source.path.parts[0] else None
    if target is None:
        ja = f"{key} の「{named}」がありません。同じフォルダーの中の、前の知らせのファイルを書いてください"
        en = f"{key}: there is no {named} among the notices of this folder"
    elif target[1] or target[2] is None or target[2] >= meta.date:
        ja = f"{key} の「{named}」は、下書きか、この知らせより後のものです。前に出した知らせを書いてください"
        en = f"{key}: {named} is a draft, or later than this notice"
    else:
        return
    yield Diagnostic(source.path, source.line_of((key,)), ja, en, "F804")
