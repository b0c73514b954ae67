"""What is announced on other networks: T601, T602."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugins.checks.rules.manuscript import Manuscript
from plugins.checks.rules.rule import Hit, Rule

LONGEST_TITLE = 60
"""Full-width characters. X has room for 128 beside the address, and a reader on a telephone sees the first 60 without a tap."""
MOST_SUMMARY = 120

_ANNOUNCED = re.compile(r"^announce:[ \t]*true[ \t]*$", re.MULTILINE)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE)
_SUMMARY = re.compile(r"^summary:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE)


def _long_titles(source: Manuscript) -> Iterator[Hit]:
    yield from _long(source, _TITLE, LONGEST_TITLE, "告知する記事の題名", "the title of an announced article")


def _long_summaries(source: Manuscript) -> Iterator[Hit]:
    yield from _long(source, _SUMMARY, MOST_SUMMARY, "告知する記事の要約", "the summary of an announced article")


def _long(source: Manuscript, field: re.Pattern[str], most: int, ja: str, en: str) -> Iterator[Hit]:
    if "announce:" not in source.text or not _ANNOUNCED.search(source.text):
        return
    for value in field.finditer(source.text):
        if (length := len(value[1])) > most:
            yield Hit(
                value.start(1),
                value.end(1),
                f"{ja}が{length}字あります。{most}字までにしてください。長いと、告知先によっては途中で切れます",
                f"{en} has {length} characters: {most} at most, or some networks cut it",
            )


RULES = (
    Rule(
        "T601", "warn", "告知する記事の長い題名", "long titles of announced articles",
        "X は全角で128字まで、携帯電話の通知は60字ほどまでしか見せません",
        "X has room for 128 full-width characters, the notification of a telephone for about 60",
        "X developer platform, Counting characters", f"title: {'橋' * 61}\nannounce: true",
        "title: 橋が通れます\nannounce: true", _long_titles,
    ),
    Rule(
        "T602", "warn", "告知する記事の長い要約", "long summaries of announced articles",
        "題名のあとに入らない分は、告知先によって途中で切れます",
        "what has no room after the title is cut",
        "X developer platform, Counting characters", f"summary: {'橋' * 121}\nannounce: true",
        "summary: 橋が通れます。\nannounce: true", _long_summaries,
    ),
)  # fmt: skip
