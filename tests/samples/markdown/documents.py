"""Markdown as editors of a Japanese prefecture write it: a seeded generator of whole documents, with what GitHub, VS Code, Word and Excel leave in them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

_WORDS = "石巻市 女川町 気仙沼市 雄勝 牡鹿 南三陸町 仮設住宅 防潮堤 災害公営住宅 漁港 高台 駅前広場 申込書 毛布 水 電池 懐中電灯 受付 説明会 相談窓口".split()
_SENTENCES = (
    "受付は10時からです。",
    "くわしくは県のページをご覧ください。",
    "石巻線は3月21日に全線で再開しました。",
    "**大切なお知らせ**があります。",
    "締め切りは~~3月10日~~20日です。",
    "*ご注意* ください。",
    "`todoke check` で確かめます。",
    "会場は女川駅（女川町）です。",
    "費用は 500 円です。",
    "県の[ページ](https://www.example.jp/a?b=1&c=2)にあります。",
    "[計画の全文](../../files/plan.pdf)を読めます。",
    "![高台の家並み](../../images/town.png)",
    "問い合わせは [電話](tel:0220000101) か [メール](mailto:a@example.jp) へ。",
    "<https://www.example.jp/b> にあります。",
)
Maker = Callable[[random.Random], list[str]]


def documents(count: int, seed: int = 20) -> Iterator[str]:
    """Yield ``count`` bodies, the same for the same seed."""
    for number in range(count):
        yield document(random.Random(f"{seed}-{number}"))


def document(chance: random.Random) -> str:
    """Return one body of three to eight blocks; after some of them the empty line is missing."""
    lines: list[str] = []
    for _ in range(chance.randint(3, 8)):
        make = chance.choice(_BLOCKS)
        lines += make(chance)
        if make not in _NEED_GAP and chance.random() < 0.35:
            continue
        lines.append("")
    return "\n".join(lines) + chance.choice(["", "\n", "\n\n"])


def _word(chance: random.Random) -> str:
    return chance.choice(_WORDS)


def _paragraph(chance: random.Random) -> list[str]:
    return [chance.choice(_SENTENCES) for _ in range(chance.randint(1, 3))]


def _heading(chance: random.Random) -> list[str]:
    marks = chance.choice(["##", "##", "###", "####"])
    return [f"{chance.choice(['', '', ' '])}{marks} {_word(chance)}{chance.choice(['', '', f' {marks}', ' C#'])}"]


def _underlined(chance: random.Random) -> list[str]:
    return ["", *_paragraph(chance)[:1], chance.choice(["----", "=====", "--"])]


def _rule(chance: random.Random) -> list[str]:
    return ["", chance.choice(["---", "* * *", "___", "- - -"])]


def _list(chance: random.Random, depth: int = 0) -> list[str]:
    mark = chance.choice(["-", "-", "*", "+", "1.", "1)", "3."])
    lines: list[str] = []
    for number in range(chance.randint(1, 4)):
        sign = f"{int(mark[:-1]) + number}{mark[-1]}" if mark[0].isdigit() else mark
        gap = " " * chance.choice([1, 1, 1, 2, 3])
        width = len(sign) + len(gap)
        lines.append(f"{sign}{gap}{_item(chance)}")
        inner = _inside(chance, depth)
        if mark[0].isdigit() or width > 4:
            columns = width
        else:
            columns = chance.choice([each for each in (2, 3, 4) if width <= each < width + 4] or [width])
        lines += [" " * columns + line if line else "" for line in inner]
        if chance.random() < 0.15:
            lines.append("")
    return lines


def _item(chance: random.Random) -> str:
    return chance.choice([_word(chance), _word(chance), chance.choice(_SENTENCES), "[駅](../2015/station.md)"])


def _inside(chance: random.Random, depth: int) -> list[str]:
    pick = chance.random()
    if depth < 3 and pick < 0.3:
        return _list(chance, depth + 1)
    if pick < 0.38:
        return ["", *_paragraph(chance)[:1]]
    if pick < 0.44:
        return ["", *_fence(chance)]
    if pick < 0.48:
        return ["", *_table(chance)]
    if pick < 0.52:
        return _quote(chance)
    return []


def _table(chance: random.Random) -> list[str]:
    width = chance.randint(2, 4)
    edge = chance.random() < 0.85
    rows = [[_word(chance) for _ in range(width)] for _ in range(chance.randint(2, 4))]
    divider = [chance.choice(["---", ":--", "--:", ":-:", "-----"]) for _ in range(width)]
    for row in rows[1:]:
        row[0] = chance.choice([row[0], "", "`a`", "**計**", "a\\|b", "[駅](../a.md)"]) if edge else row[0]
        if edge and chance.random() < 0.1:
            row.pop()
    join = chance.choice([" | ", "|"])
    lines = [join.join(row) for row in (rows[0], divider, *rows[1:])]
    return [f"| {line} |" for line in lines] if edge else lines


def _fence(chance: random.Random) -> list[str]:
    fence = chance.choice(["```", "~~~", "````"])
    inside = chance.choice([["title: a", "", "- b"], ["## 見出しではない", "| a | b |"], ["<div>", "**a**"], ["    深い"], []])
    return [f"{fence}{chance.choice(['', 'yaml', ' python', 'html'])}", *inside, fence]


def _quote(chance: random.Random) -> list[str]:
    inside = chance.choice([_paragraph, _list, _heading])(chance)
    return [f"> {line}".rstrip() for line in inside] + (
        ["つづきの行です。"] if chance.random() < 0.1 and inside[-1][:1] not in " -*+1#" else []
    )


def _code(chance: random.Random) -> list[str]:
    return ["", *(f"    {line}" for line in ["make demo", "", "make check"][: chance.choice([1, 3])])]


def _footnote(chance: random.Random) -> list[str]:
    name = f"n{chance.randint(1, 10**6)}"
    more = chance.choice([[], [], ["    つづきの行です。"], ["", "    二つめの段落です。"]])
    return [f"{_word(chance)}の人口[^{name}]です。", "", f"[^{name}]: 国勢調査による。", *more]


def _html(chance: random.Random) -> list[str]:
    tag = chance.choice(["div", "details"])
    summary = ["<summary>くわしく</summary>"] if tag == "details" else []
    return [f"<{tag}>", *summary, "", *chance.choice([_paragraph, _list, _table])(chance), "", f"</{tag}>"]


_NEED_GAP = (_html, _footnote, _quote, _underlined, _code)
"""After these the next block needs an empty line for every program, or its lines go on (laziness, HTML blocks)."""

_BLOCKS: tuple[Maker, ...] = (
    _paragraph, _paragraph, _heading, _list, _list, _list, _table, _table, _fence, _quote, _code, _footnote, _html, _underlined, _rule,
)  # fmt: skip
