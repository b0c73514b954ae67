"""What hands that were trained on Word and Excel write becomes what they mean; nothing takes long, and plain text is left alone."""

from __future__ import annotations

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugins.frontmatter.normalise.normaliser import normalise
from plugins.frontmatter.normalise.notes import find_notes
from plugins.frontmatter.normalise.plain import is_plain
from plugins.frontmatter.parse.markdown import parse_markdown
from tests.samples.markdown.outline import other_html, outline


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("＃＃ 見出し", "## 見出し"),
        ("＃＃見出し\n本文です。", "## 見出し\n\n本文です。"),
        ("＞ 引用です。", "> 引用です。"),
        ("［県］（https://a.example.jp/）と［駅］(../a.md)と[港]（../b.md）", "[県](https://a.example.jp/)と[駅](../a.md)と[港](../b.md)"),
        ("！［高台］（../../images/a.png）", "![高台](../../images/a.png)"),
        ("［注］（宮城県）", "［注］（宮城県）"),
        ("人口［^1］です。\n\n［^1］：国勢調査", "人口[^1]です。\n\n[^1]: 国勢調査"),
        ("人口[＾1]です。\n\n[＾1]: 国勢調査", "人口[^1]です。\n\n[^1]: 国勢調査"),
        ("＊＊重要＊＊です。", "**重要**です。"),
        ("`＊＊重要＊＊`です。", "`＊＊重要＊＊`です。"),
        ("持ち物\n・水\n・毛布", "持ち物\n\n- 水\n- 毛布"),
        ("•\t水\n•\t毛布\no\t厚い毛布\n•\t電池", "- 水\n- 毛布\n    - 厚い毛布\n- 電池"),
        ("●水\n●毛布\n　●厚い毛布", "- 水\n- 毛布\n    - 厚い毛布"),
        ("・一つだけの行", "・一つだけの行"),
        ("１．受付\n２．説明", "1. 受付\n2. 説明"),
        ("1）受付\n2）説明\n3）質問", "1. 受付\n2. 説明\n3. 質問"),
        ("１．受付\n本文です。\n２．説明", "１．受付\n本文です。\n２．説明"),
        ("区分\t円\n大人\t500\n子ども\t200", "| 区分 | 円 |\n|---|---|\n| 大人 | 500 |\n| 子ども | 200 |"),
        ("\t大人\t子ども\n料金\t500\t200", "| | 大人 | 子ども |\n|---|---|---|\n| 料金 | 500 | 200 |"),
        ("1. 受付\n  - 午前\n  - 午後\n2. 説明", "1. 受付\n   - 午前\n   - 午後\n2. 説明"),
        ("##見出し\n本文です。", "## 見出し\n\n本文です。"),
        ("持ち物\n-水\n-毛布", "持ち物\n\n- 水\n- 毛布"),
        ("最低気温\n−5度\n−3度", "最低気温\n−5度\n−3度"),
        ("-5度\n-3度", "-5度\n-3度"),
        ("――そうです。\n――いいえ。", "――そうです。\n――いいえ。"),
        ("l\t水\nl\t毛布\no\t厚い毛布\n§\t羽毛", "- 水\n- 毛布\n    - 厚い毛布\n        - 羽毛"),
        ("Ø\t水\nØ\t毛布", "- 水\n- 毛布"),
        ("n\t円\nl\t500", "| n | 円 |\n|---|---|\n| l | 500 |"),
        ("- 石巻市\n　- 雄勝\n　　- 大須\n- 女川町", "- 石巻市\n  - 雄勝\n    - 大須\n- 女川町"),
        ("-\xa0水\n\xa0\xa0-\xa0500mL\n-　毛布", "- 水\n  - 500mL\n-  毛布"),
        ("　はじめの段落です。\n　つぎの段落です。", "はじめの段落です。\n\nつぎの段落です。"),
        ("> 　はじめです。\n> 　つぎです。", "> はじめです。\n>\n> つぎです。"),
        ("- 受付\n　説明つき", "- 受付\n  説明つき"),
        ("- [x]水\n- []毛布\n- [x](a.md)", "- ☑ 水\n- ☐ 毛布\n- [x](a.md)"),
        ("\\~ \\< \\| \\$ \\「", "\\~ \\< \\| \\$ \\「"),
        ('区分\t備考\n大人\t"水と\n""毛布"""\n子ども\tなし', '| 区分 | 備考 |\n|---|---|\n| 大人 | 水と<br>"毛布" |\n| 子ども | なし |'),
        ('区分\t備考\n大人\t"閉じない\n子ども\tなし', '| 区分 | 備考 |\n|---|---|\n| 大人 | "閉じない |\n| 子ども | なし |'),
        ("| 命令 | 数 |\n|---|---|\n| `a \\| b` | 1 \\| 2 |", "| 命令 | 数 |\n|---|---|\n| `a \\| b` | 1 \\| 2 |"),
    ],
)
def test_a_text_is_read_as_it_is_meant(written: str, meant: str) -> None:
    assert outline(parse_markdown(written).html) == outline(other_html(meant))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("| 区分 | 円 |\n|---|---|\n| 大人 | 500 | 要予約 |", ["cells"]),
        ("| 大人 | 500円 |\n| 子ども | 200円 |", ["divider"]),
        ("| 区分 | 円 |\n|ーー|ーー|\n| 大人 | 500 |", ["divider"]),
        ("| 区分 | 円 | 備考 |\n|---|---|\n| 大人 | 500 |", ["divider"]),
        ("｜区分｜円｜\n｜大人｜500｜", ["divider"]),
        ("```\ncode", ["open fence"]),
        ("<div>開いたまま\n\n文です。", ["open html"]),
        ("文です。\n\n</div>", ["open html"]),
        ("文です。\n\n    四つの空白です。", ["code"]),
        ("日時　3月21日\n会場　石巻市\n料金　無料", ["rows"]),
        ("（1）受付\n（2）説明", ["rows"]),
        ("【日時】3月21日\n【会場】石巻市の広い駅前広場です。", ["rows"]),
        ("次のとおりです。\n日時　3月21日", ["rows"]),
        ("a. 受付\nb. 説明", ["rows"]),
        ("ア　受付\nイ　説明", ["rows"]),
        ("→石巻駅からバスに乗り、十分ほどです。\n⇒そこから歩いてすぐです。", ["rows"]),
        ("□ 水\n☑ 毛布", ["rows"]),
        ("*注意が一つあります。\n*もう一つあります。", ["rows"]),
        ("宮城県復興推進課\n電話 022-000-0000", ["rows"]),
        ("**見出し**\nここからは本文の長い文が続きます。", ["rows"]),
        ("・ 水\n　 続きの説明\n・ 毛布", ["rows"]),
        ("合計\t2", ["columns"]),
        ("区分,円\n大人,500", ["columns"]),
        ("区分\t円\n大人\t500\t要予約", ["columns"]),
        ("- 料金\n\t区分\t円\n\t大人\t500\t要予約", ["columns"]),
        ("区分 | 円 | 備考\n--- | ---\n大人 | 500", ["divider"]),
        ("> 引用です。\n>> 内側です。\n地の文です。", ["lazy"]),
        ("雨のときは中止です。\n---", ["underline"]),
        ("あとの話です。\n2. 受付", ["number"]),
        ("1. 受付\n  - 午前\n  - 午後", ["nesting", "nesting"]),
        ("| 区分 | 円 |\n|---|---|\n| 大人 | 500 |\n子どもは無料です。", ["close"]),
        ("- 並び\n| 区分 | 円 |\n|---|---|\n| 大人 | 500 |", ["close"]),
        ("- 受付\n料金は無料です。", ["lazy"]),
        ("> 引用です。\n地の文です。", ["lazy"]),
        ("石巻市は3月21日に、\n女川町は22日に開きます。", []),
    ],
)
def test_what_cannot_be_shown_as_it_was_meant_is_told_with_its_line(text: str, kinds: list[str]) -> None:
    remarks = normalise(text).remarks
    assert [remark.kind for remark in remarks] == kinds
    lines = text.split("\n")
    assert all(remark.text.strip("<>/")[:2] in lines[remark.number] or remark.kind == "underline" for remark in remarks)


def test_each_line_of_the_result_has_the_line_that_it_comes_from() -> None:
    result = normalise("文です。\n- 水\n  - 毛布\n区分 | 円\n---|---\n大人 | 500")
    assert list(zip(result.text.split("\n"), result.lines, strict=True)) == [
        ("文です。", 0), ("", 1), ("-   水", 1), ("    -   毛布", 2), ("", 3), ("区分 | 円", 3), ("---|---", 4), ("大人 | 500", 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        "```\n- a\n| b |\n＃＃ c\n%% d %%\n```",
        "~~~ md\n［a］（/b）\n\n・c\n・d\n~~~",
        "<pre>\n- a\n・b\n・c\n</pre>",
        "    - a\n    ＃＃ b",
    ],
)
def test_code_is_never_changed(code: str) -> None:
    assert code in normalise(f"文です。\n\n{code}\n\n文です。").text


_FRAGMENTS = ["本文", "駅", "**", "*", "_", "`", "```", "~~~", "[", "]", "(a.md)", "（", "）", "［", "！", "<", "<div>", "</div>", "&", "\\", "  \n", "\n", "\n\n", "## ", "#", "- ", "1. ", "2) ", "| ", "|---|", "|", "[^1]", "[^1]:", ": ", "> ", " ", "    ", "\t", "://", "@", "・", "●", "＃", "１．", "---", "===", "\u3000", "\xa0", "-水", "l\t", "\"", "\\|"]  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_FRAGMENTS), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
@example("- a\n# b")
def test_a_normalised_text_is_not_changed_again_and_counts_its_lines(text: str) -> None:
    result = normalise(text)
    assert normalise(result.text).text == result.text
    assert len(result.lines) == result.text.count("\n") + 1
    assert list(result.lines) == sorted(result.lines)
    assert set(result.lines) <= set(range(text.count("\n") + 1))


_PLAIN_BLOCKS = ["本文です。\n", "石巻市は\n女川町は\n", "## 見出し\n", "- 水\n- 毛布\n", "1. 受付\n2. 説明\n", "| 区分 | 円 |\n|---|---|\n| 大人 | 500 |\n", "> 引用です。\n", "人口[^1]と[駅](a.md)\n", "[^1]: 注です。\n", "**千葉**：港です。\n", "2015年です。\n"]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*_PLAIN_BLOCKS, "", "- 電池\n", " - 内側\n", "* 別\n", "・点\n・点\n", "---\n"]), max_size=8))
def test_where_the_short_way_is_taken_the_long_one_leads_to_the_same_page(blocks: list[str]) -> None:
    text = "\n".join(blocks)
    if is_plain(text):
        assert outline(parse_markdown(text).html) == outline(parse_markdown(f"{text}\n<!-- -->\n").html)


@pytest.mark.parametrize("blocks", [_PLAIN_BLOCKS])
def test_most_articles_take_the_short_way(blocks: list[str]) -> None:
    assert is_plain("\n".join(blocks))


_HOSTILE = {
    "brackets": "[",
    "code": "`a",
    "quotations": ">",
    "items in one line": "- ",
    "pipes": "|",
    "tags": '<a "',
    "open divs": "<div>\n",
    "open notes": "<!--",
    "percent signs": "%% a ",
    "spaces": "  ",
    "dashes": "-",
    "full-width links": "［a］（",
    "full-width bold": "＊＊a",
    "lines without a mark": "- a\nb\n",
    "tabs": "a\tb\n",
    "fences": "```\n",
    "rows": "| a | b |\n",
    "closing tags": "</ul><ul>\n",
}


@pytest.mark.parametrize("piece", _HOSTILE.values(), ids=_HOSTILE)
def test_the_work_grows_with_the_length_of_the_text_and_not_with_its_square(piece: str) -> None:
    few, many = 500, 8_000  # sixteen times as many; a square would be 256 times as much
    assert _calls(piece * many) < 32 * _calls(piece * few)


def _calls(text: str) -> int:
    """Return how many functions are called and left: the same on every machine, however busy it is."""
    count = 0

    def add(_frame: object, _event: str, _argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(add)
    try:
        find_notes(text)
        normalise(f"{text}x\n")
    finally:
        sys.setprofile(None)
    return count
