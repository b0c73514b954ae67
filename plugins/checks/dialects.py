"""Marks that GitHub, Qiita, Zenn, wikis and other programs read and this site does not: readers would see them as they are.

A mark of another program that somebody may paste is one row here: `plugins.checks.raw_marks` finds it in sources, pages and mails, and
`tests/plugins/checks/test_dialects.py` tries each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Dialect(NamedTuple):
    """A pattern of text as readers see it, and what to write instead, in both languages."""

    pattern: str
    ja: str
    en: str


DIALECTS = (
    Dialect(r"\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]", "「> **注意**」のように、引用の中にことばで書いてください", "write the word: > **注意**"),
    Dialect(r"(?m:^)[ \t]*:::+[ \t]*[a-z]*", "「:::」の囲みはありません。引用（「> 」）か見出し（「##」）で書き、「:::」の行を消してください", "there are no ::: boxes: use a quotation or a heading"),
    Dialect(r"\[\[?(?:_?TOC_?|toc|目次)\]?\]", "目次を作る書き方はありません。この行を消してください", "no table of contents is made: delete the line"),
    Dialect(r"\^\[(?=[^\]\n])", "注は、文の中に「[^1]」、本文の終わりに「[^1]: 注のことば」と書いてください", "write [^1] here, and '[^1]: words' at the end of the body"),
    Dialect(r"\*\[[^\]\n]{1,60}\]:", "略語の説明を作る書き方はありません。説明を文にしてください", "abbreviations are not expanded: explain them in a sentence"),
    Dialect(r"\{[:#.][ \t]*[A-Za-z.#][\w .#=\"':-]{0,80}\}|\{(?:target|width|height|class|id|style)=[^}\n]{0,80}\}", "見た目や目印を付ける書き方はありません。この括弧を消してください", "attributes are not read: delete the braces"),
    Dialect(r"\$\$|\$(?=[^$\s])[^$\n]{0,80}[\\^_][^$\n]{0,80}\$", "数式の書き方はありません。ことばと数字で書くか、画像にして説明を付けてください", "formulas are not drawn: write words, or a picture with a description"),
    Dialect(r"(?<![0-9A-Za-z:/]):[a-z][a-z0-9_+-]{1,30}:(?![0-9A-Za-z:/])", "絵文字の名前は、絵になりません。ことばで書いてください", "names of emoji are not drawn: write words"),
    Dialect(r"(?<![=!<>])==(?=[^\s=])[^=\n]{1,100}(?<=[^\s=])==(?!=)", "目立たせるところは「**大切**」のように「**」で囲んでください", "put ** around what matters"),
    Dialect(r"(?<![A-Za-z+])\+\+(?=[^\s+])[^+\n]{1,100}(?<=[^\s+])\+\+(?!\+)", "「++」は下線になりません。目立たせるところは「**」で囲んでください", "++ underlines nothing: put ** around what matters"),
    Dialect(r"(?<![0-9A-Za-z_])(?P<bar>_{1,2})(?=[^\s_])(?=[^_\n]*[ぁ-鿿])[^_\n]{1,100}(?<=[^\s_])(?P=bar)(?![0-9A-Za-z_])", "日本語のあいだの「_」や「__」は、強調になりません。「*強調*」「**太字**」と書いてください", "between Japanese words _ and __ are no emphasis: write * or **"),
    Dialect(r"'''(?=[^\s'])[^'\n]{1,100}'''", "太字は「**太字**」と書いてください", "write **bold**"),
    Dialect(r"(?m:^)[ \t]*={2,6}[ \t]*[^=\s][^=\n]{0,80}={2,6}[ \t]*(?m:$)", "見出しは「## 見出し」と書いてください", "write a heading with ##"),
    Dialect(r"(?m:^)[ \t]*\{\||(?m:^)[ \t]*\|[-}](?=[ \t]*(?m:$))", "表は、一行目に見出し、二行目に「|---|---|」を書いてください", "write headers into the first line of a table, and |---|---| into the second"),
    Dialect(r"\[\[[^\[\]\n]{1,80}\]\]", "リンクは「[ことば](アドレスかファイル)」と書いてください", "write a link as [words](address or file)"),
    Dialect(r"｜[^｜《》\n]{1,20}《[^《》\n]{1,40}》|\{[^{}|\n]{1,20}\|[ぁ-んァ-ヶー|]{1,40}\}|(?<=[一-鿿々])《[ぁ-んー]{1,20}》", "ふりがなは「<ruby>閖上<rt>ゆりあげ</rt></ruby>」と書くか、括弧で「閖上（ゆりあげ）」と書いてください", "write readings as <ruby>閖上<rt>ゆりあげ</rt></ruby>, or in brackets"),
    Dialect(r"\{\{[^{}\n]{0,80}\}\}|\{%[^%\n]{0,80}%\}|\$\{[^{}\n]{1,80}\}", "プログラムで埋めるところが残っています。ことばを書いてください", "a place for a program to fill in is left: write words"),
    Dialect(r"\{(?:日付|和暦|数|割合)[ \u3000][^{}\n]{1,40}\}", "計算する書き方は、メールマガジンの号でだけ使えます。記事には、日付や数をそのまま書いてください", "only issues compute: write the date or number itself"),
    Dialect(r"(?m:^)[ \t]*(?:::|：：)(?:記事|前号から|催し|数字|協力ブログ)|[^\s:：](?:::|：：)(?:記事|前号から|催し|数字|協力ブログ)[ \u3000]", "載せる記事の指示は、メールマガジンの号で、行のはじめから半角の「::」で書きます", "directives belong into issues, at the beginning of a line, with ASCII colons"),
    Dialect(r"(?m:^)[ \t]*(?:｀{3}|'{3}|\"{3})[ \t]*(?m:$)", "プログラムなどは、半角の「```」だけの行で囲んでください", "put ``` (ASCII) around code"),
    Dialect(r"[┌┏╔├┣╠][─━═┬┳╦┼╋]{2,}|\+[-=]{3,}\+", "罫線の字は表になりません。一行目に見出し、二行目に「|---|---|」を書いてください", "drawn lines make no table: write headers, and |---|---| below"),
)  # fmt: skip

_FOREIGN = re.compile("|".join(f"(?P<d{number}>{dialect.pattern})" for number, dialect in enumerate(DIALECTS)))

# Hardly any text has one of these, and to look for each is forty times quicker than to search for `_FOREIGN`.
_SIGNS = ("[!", "::", "：：", "[[", "[TOC", "[toc", "[_TOC", "[目次", "^[", "*[", "{", "$", "==", "++", "_", "'''", '"""', "｀｀｀", "｜", "《", "+-", "+=", "|-\n", "|}",
          "┌", "┏", "╔", "├", "┣", "╠")  # fmt: skip
_NAME_OF_EMOJI = re.compile(":[a-z]")


def find_foreign(text: str) -> Iterator[re.Match[str]]:
    """Yield each mark of another program in a text as readers see it. `dialect_of` tells which."""
    if any(sign in text for sign in _SIGNS) or _NAME_OF_EMOJI.search(text):
        yield from _FOREIGN.finditer(text)


def dialect_of(match: re.Match[str]) -> Dialect:
    """Return the row of a match of `find_foreign`."""
    return next(dialect for number, dialect in enumerate(DIALECTS) if match[f"d{number}"] is not None)
