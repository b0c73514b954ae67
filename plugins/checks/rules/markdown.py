"""Markdown that is not shown as it was meant, or differently by other programs: T551 to T565."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, pairwise

from plugins.checks.dialects import find_foreign
from plugins.checks.raw_marks import RawMark, find_raw_marks
from plugins.checks.rules.manuscript import HIDDEN, Manuscript
from plugins.checks.rules.rule import Hit, Rule
from plugins.frontmatter.normalise.inline import WIDE, wide_marks
from plugins.frontmatter.normalise.normaliser import normalise
from plugins.frontmatter.normalise.plain import is_plain
from plugins.frontmatter.normalise.remarks import Kind, Remark
from plugins.frontmatter.normalise.signs import WIDE_HEADING, lost_end
from plugins.frontmatter.parse.directives import expand_directives
from plugins.frontmatter.parse.markdown import parse_markdown

_INSIDE = re.compile(r"\*\*|＊＊|~~|\]\(|[\]］]（|\[\^|［\^|`{3}|%%|!\[|！［")
_AT_START = re.compile(r"^[ \t]*(?:#|＃＃|[-+*>] |\||: )", re.MULTILINE)
_BLOCK = re.compile(r" *(?:#{1,6} |[-+*] |[0-9]+\. |>)")
_TABLE = re.compile(r"^\|[^\n]*\n\|[-:| ]+\n(?:\|[^\n]*(?:\n|\Z))*", re.MULTILINE)
_ADVICE = (
    "前後の空白と空の行を確かめるか、字として出すなら前に「\\」を付けてください",
    "look at the spaces and empty lines around it, or put a backslash before it",
)
_SIGNS = ("*", "~~", "](", "[^", "`", "%%", "![")
_PAIRED = re.compile(
    r"\*\*(?=\S)[^*\n]{1,500}(?<=\S)\*\*|~~(?=\S)[^~\n]{1,500}~~|!?\[[^\[\]\n]{0,500}\]\([^()\s]*(?: \"[^\"\n]{0,500}\")?\)|\[\^[^\]\s]{1,60}\]"
)
_CUT_ADDRESS = re.compile(r"(?<![(<\"'=\w])(https?://[!-;=?-~]*[/=?&#])[ァ-ヶー一-鿿々]")
_CUT = re.compile(r"^(?P<key>title|summary|preheader|image_alt):[ \t]+(?P<value>[^\s\"'\[{|>&*!#][^\n]*?[ \t]#[^\n]*)$", re.MULTILINE)


@dataclass(frozen=True)
class _Body:
    """The body of a source, whether it is plain, and the remarks on it with the offsets of their lines."""

    text: str
    is_plain: bool
    remarks: tuple[tuple[Remark, int, int], ...]


@lru_cache(maxsize=1)  # a dozen rules ask for the same source, one after the other
def _body(source: Manuscript) -> _Body:
    text = source.text[source.body :]
    plain = is_plain(text)
    # In most articles an empty line is between any two lines; to count them is quicker than to look at each.
    if plain and (text.count("\n") <= 2 * text.count("\n\n") + 1 or (not _has_lost_end(text) and not _has_uneven_row(text))):
        return _Body(text, plain, ())
    starts = [source.body, *(source.body + match.end() for match in re.finditer("\n", text))]
    ends = [*(start - 1 for start in starts[1:]), len(source.text)]
    return _Body(text, plain, tuple((remark, starts[remark.number], ends[remark.number]) for remark in normalise(text).remarks))


def _has_lost_end(text: str) -> bool:
    """Tell whether two lines of a paragraph may not be meant to run together."""
    return any(
        lost_end(before, line)
        for before, line in pairwise(text.split("\n"))
        if before and line and before[0] not in "|#" and line[:2] != "- "
    )


def _has_uneven_row(text: str) -> bool:
    """Tell whether a row of a table may have more cells than the first, or the divider another number of them."""
    tables = (match[0].split("\n") for match in _TABLE.finditer(text)) if "|" in text else ()
    return any(row.count("|") > rows[0].count("|") or rows[1].count("|") != rows[0].count("|") for rows in tables for row in rows)


def _hits_of(kind: Kind, ja: str, en: str, source: Manuscript) -> Iterator[Hit]:
    for remark, start, end in _body(source).remarks:
        if remark.kind == kind:
            yield Hit(start, end, ja.format(remark.text), en.format(repr(remark.text)), _inserted(remark, source.text[start:end]))


def _inserted(remark: Remark, line: str) -> str | None:
    return remark.replacement if remark.replacement and remark.replacement.endswith(line) else None


def _rule_of(kind: Kind, ja: str, en: str) -> Callable[[Manuscript], Iterable[Hit]]:
    return partial(_hits_of, kind, ja, en)


def _lost_ends(source: Manuscript) -> Iterator[Hit]:
    ja = "「{}」は、上の行とつながって一つの文になります。行のはじめに「- 」を付けて並びにするか、上の行の終わりに空白を二つ置いてください"
    en = "{} runs together with the line above: make a list with '- ', or end the line above with two spaces"
    table_ja = "「{}」は表になりません。行ごとに欄の数（タブやコンマの数）がちがうか、タブではありません。一行目に見出し、二行目に「|---|---|」を書き、欄を「|」で区切ってください"
    table_en = "{} is no row of a table: write headers, |---|---| below them, and a | between cells, as many in each row"
    return chain(_hits_of("rows", ja, en, source), _hits_of("columns", table_ja, table_en, source))


def _wide(source: Manuscript) -> Iterator[Hit]:
    if _body(source).is_plain:
        return
    at = source.body
    for line in source.marked[source.body :].split("\n") if WIDE.search(source.marked) or "＃＃" in source.marked else ():
        heading = WIDE_HEADING.match(line)
        places = [(0, heading.start(2), "#" * len(heading[1]) + " ")] if heading else []
        for start, end, sign in [*places, *wide_marks(line)]:
            shown = line[start:end].strip()
            if HIDDEN not in shown:
                ja = f"全角の「{shown}」は、ほかのMarkdownでは、ただの字です。半角の「{sign.strip()}」で書いてください"
                yield Hit(at + start, at + end, ja, f"full-width {shown!r} is plain text elsewhere: write {sign.strip()!r}", sign)
        at += len(line) + 1


def _raw_marks(source: Manuscript) -> Iterator[Hit]:
    body = _body(source).text
    shown = expand_directives(body) if source.path.parts[1:2] == ("mail",) else body
    if not _may_be_raw(shown, plain=_body(source).is_plain):
        return
    told = set[tuple[int, str]]()
    has_bars = any(remark.kind == "divider" for remark, _, _ in _body(source).remarks)  # T553 tells what the bars should be
    for raw in find_raw_marks(parse_markdown(shown).root):
        if raw.mark == "|" and has_bars:
            continue
        at = _place(body, raw.mark, raw.context)
        if (at, raw.mark) not in told:
            told.add((at, raw.mark))
            yield Hit(source.body + at, source.body + at + len(raw.mark), *_words_of(raw))


def _words_of(raw: RawMark) -> tuple[str, str]:
    ja, en = raw.advice or _ADVICE
    context_ja, context_en = ("", "") if raw.context.strip() == raw.mark else (f"「{raw.context}」の", f" in {raw.context!r}")
    return f"{context_ja}「{raw.mark}」が、そのままの字で出ます。{ja}", f"{raw.mark!r}{context_en} is shown as it is: {en}"


def _may_be_raw(body: str, *, plain: bool) -> bool:
    """Tell whether a mark may be left in the page. Only where it says no it has to be right: rendering takes time."""
    if any(True for _ in find_foreign(body)):
        return True
    if plain and not any(sign in body for sign in _SIGNS):
        return False
    html: list[str] = []

    def stash(each: str) -> str:
        html.append(each)
        return ""

    text = body if plain else normalise(body, stash).text
    if _INSIDE.search(text) and _INSIDE.search(_PAIRED.sub("", text)):
        return True
    if any(_INSIDE.search(each) or _AT_START.search(each) for each in html if not each.startswith("<pre><code")):
        return True
    return not plain and any(_has_start(block) for block in text.split("\n\n"))


def _has_start(block: str) -> bool:
    """Tell whether a line of a paragraph begins with the mark of a block."""
    if block.startswith("|"):
        return "\n|-" not in block and "\n|:" not in block and "\n| -" not in block and "\n| :" not in block
    return not _BLOCK.match(block) and _AT_START.search(block) is not None


def _place(body: str, mark: str, context: str) -> int:
    """Return the offset of ``mark`` in the source: where the words around it stand, or else its first place."""
    words = body.find(context)
    return max(body.find(mark, max(words, 0)), 0)


def _cut(source: Manuscript) -> Iterator[Hit]:
    for match in _CUT.finditer(source.text, 0, source.body) if " #" in source.text[: source.body] else ():
        value = match["value"]
        quoted = "'" + value.rstrip().replace("'", "''") + "'"
        kept = re.split(r"[ \t]#", value, maxsplit=1)[0]
        yield Hit(
            *match.span("value"),
            f"「{match['key']}」は「{kept}」で切れます。「 #」からあとはメモになるためです。{quoted} のように引用符で囲んでください",
            f"{match['key']} ends after {kept!r}: what follows a number sign is a comment. Write {quoted}",
            quoted,
        )


def _cut_addresses(source: Manuscript) -> Iterator[Hit]:
    for match in _CUT_ADDRESS.finditer(source.marked, source.body) if "://" in source.marked else ():
        yield Hit(
            *match.span(),
            f"リンクは「{match[1]}」までです。あとの日本語もアドレスなら [ことば](アドレス) の形で、アドレスの日本語を % の形（ブラウザーからコピーした形）で書いてください。文なら、前に空白を置いてください",
            f"the link ends with {match[1]!r}: if the Japanese belongs to it, write [words](address) with the address in percent form; else put a space before it",
        )


RULES = (
    Rule(
        "T551", "warn", "そのまま出るMarkdownの記号", "marks of Markdown that are shown as they are",
        "閉じていない「**」などは、ページにもメールにも、記号のまま出ます", "an unclosed ** goes onto the page and into the mail as it is",
        "CommonMark 0.31.2", "締め切りは** 3月20日です。", "締め切りは**3月20日**です。", _raw_marks,
    ),
    Rule(
        "T552", "error", "見出しより多い欄", "more cells than headers",
        "見出しの行より多い欄は、表に出ません", "a cell beyond the header row is in no table",
        "GFM 4.10", "| 区分 | 円 |\n|---|---|\n| 大人 | 500 | 要予約 |", "| 区分 | 円 | 注意 |\n|---|---|---|\n| 大人 | 500 | 要予約 |",
        _rule_of("cells", "欄「{}」は、見出しの行に当たる欄がなく、表に出ません。見出しの行と「|---|」の行に欄を足してください",
                 "the cell {} has no header and is shown nowhere: add a cell to the header row and to the |---| row"),
    ),
    Rule(
        "T553", "error", "二行目に区切りのない表", "a table without its |---| row",
        "二行目の「|---|」がないと、表にならず、縦棒のまま出ます", "without |---| in its second line it is no table, and the bars are shown",
        "GFM 4.10", "| 大人 | 500円 |\n| 子ども | 200円 |", "| 区分 | 料金 |\n|---|---|\n| 大人 | 500円 |\n| 子ども | 200円 |",
        _rule_of("divider", "「{}」は表になりません。一行目に見出し、二行目に半角で、見出しと同じ数の「|---|---|」を書いてください",
                 "{} is no table: write headers into the first line, and |---|---| with as many cells into the second"),
    ),
    Rule(
        "T554", "error", "閉じていない「```」", "a ``` that is not closed",
        "閉じていないと、そこから終わりまでがプログラムの文字になります", "what follows, to the end, would be shown as code",
        "CommonMark 4.5", "```\ntodoke check", "```\ntodoke check\n```",
        _rule_of("open fence", "「{}」が閉じていません。終わりの行に、同じ記号だけの行を書いてください", "{} is not closed: write a line with the same signs where it ends"),
    ),
    Rule(
        "T555", "error", "閉じていないHTML", "HTML that is not closed",
        "閉じていないと、あとの文や次の部分まで、その枠に入ります", "what follows, and more of the page, would be inside of it",
        "HTML 13.1.2.4", "<div>\n\n開いたままです。", "<div>\n\n閉じました。\n\n</div>",
        _rule_of("open html", "「{}」と対になるものがありません。書き足すか、消してください。HTMLの中にMarkdownを書くときは、前後に空の行を置きます",
                 "{} has no counterpart: add it, or delete it. Markdown inside HTML needs an empty line before and after it"),
    ),
    Rule(
        "T556", "warn", "プログラムの文字になる段落", "a paragraph that becomes code",
        "行のはじめの空白が四つあると、プログラムの文字になります", "four spaces at the beginning of a line make code of it",
        "CommonMark 4.4", "    四つの空白で始めた段落です。", "四つの空白がない段落です。",
        _rule_of("code", "「{}」は、行のはじめに空白が四つあるため、プログラムの文字で出ます。空白を消してください。プログラムなら「```」で囲みます",
                 "{} begins with four spaces and is shown as code: delete them, or put ``` around code"),
    ),
    Rule(
        "T557", "warn", "一続きになる行", "lines that run together",
        "段落の中の行の終わりは、ページでは行の終わりになりません", "the end of a line inside a paragraph is none on the page",
        "CommonMark 6.8", "日時　3月21日\n会場　石巻市", "- 日時：3月21日\n- 会場：石巻市",
        _lost_ends,
    ),
    Rule(
        "T558", "warn", "「---」で見出しになる行", "a line that --- makes a heading",
        "文のすぐ下の「---」は、区切りではなく、上の文を見出しにします", "--- right below a text is no rule: it makes a heading of the text",
        "CommonMark 4.3", "雨のときは中止します。\n---", "雨のときは中止します。\n\n---",
        _rule_of("underline", "「{0}」が見出しになります。区切りなら、上に空の行を置いてください。見出しなら「## {0}」と書いてください",
                 "{} becomes a heading: put an empty line before ---, or write the heading with ##"),
    ),
    Rule(
        "T559", "warn", "並びにならない番号", "a number that begins no list",
        "文のすぐ下では、1から始まる番号だけが並びになります", "right below a text only a list that begins with 1 is one",
        "CommonMark 5.2", "説明会のあとです。\n2. 受付", "説明会のあとです。\n\n2. 受付",
        _rule_of("number", "「{}」は、上の文につながります。並びなら、上に空の行を置いてください", "{} runs together with the text above: put an empty line before the list"),
    ),
    Rule(
        "T560", "warn", "内側の並びの空白", "the spaces before an inner list",
        "番号の内側の並びは、ほかのMarkdownでは、空白が三つないと外に出ます", "elsewhere a list inside a number needs three spaces, or it is outside of it",
        "CommonMark 5.2", "1. 受付\n  - 午前\n  - 午後", "1. 受付\n   - 午前\n   - 午後",
        _rule_of("nesting", "「{}」は、ほかのMarkdownでは内側の並びになりません。番号の後の字と同じ位置まで、空白を足してください",
                 "{} is no inner list elsewhere: add spaces up to the first word after the number"), fixes=True,
    ),
    Rule(
        "T561", "warn", "表の前後の空の行", "an empty line beside a table",
        "空の行がないと、表のあとの文が表の行に、並びのあとの表が並びの文になるプログラムがあります", "without it some programs take a text for a row, or a table for a part of a list",
        "GFM 4.10", "| 区分 | 円 |\n|---|---|\n| 大人 | 500 |\n子どもは無料です。", "| 区分 | 円 |\n|---|---|\n| 大人 | 500 |\n\n子どもは無料です。",
        _rule_of("close", "「{}」の上に、空の行を置いてください。ないと、表の終わりや始まりがプログラムによって違います",
                 "put an empty line before {}: without it programs disagree where the table ends or begins"),
    ),
    Rule(
        "T562", "warn", "全角のMarkdownの記号", "full-width marks of Markdown",
        "このサイトでは読めますが、ほかのMarkdownでは、ただの字になります", "this site reads them, but elsewhere they are plain text",
        "CommonMark 0.31.2", "＃＃ 見出し\n\n［石巻の地図］（../2015/map.md）と＊＊重要＊＊です。", "## 見出し\n\n[石巻の地図](../2015/map.md)と**重要**です。", _wide, fixes=True,
    ),
    Rule(
        "T563", "warn", "「 #」で切れる題名", "a title that a number sign cuts",
        "YAMLでは、空白と「#」のあとはメモです", "in YAML a space and a number sign begin a comment",
        "YAML 1.1", "title: 県道 #1 を通れます", "title: '県道 #1 を通れます'", _cut, fixes=True,
    ),
    Rule(
        "T564", "warn", "並びや引用の続きになる行", "a line that goes on with a list or a quotation",
        "空の行がないと、並びの最後の項目や引用の中に、次の文が入ります", "without an empty line the text becomes a part of the last item, or of the quotation",
        "CommonMark 5.1", "- 受付\n- 説明\n料金は無料です。", "- 受付\n- 説明\n\n料金は無料です。",
        _rule_of("lazy", "「{}」は、上の並びや引用の続きになります。別の段落なら、上に空の行を置いてください。続きなら、行のはじめを上の字にそろえてください",
                 "{} goes on with the list or quotation above: put an empty line before it, or, if that is meant, as many spaces as above"),
    ),
    Rule(
        "T565", "warn", "日本語の前で切れるアドレス", "an address that ends before Japanese",
        "そのまま書いたアドレスは、日本語の字の前までがリンクです。日本語の字を含むアドレスは、途中で切れて別のページに行きます",
        "a bare address is a link up to the first Japanese character; one that holds Japanese is cut, and leads elsewhere",
        "RFC 3986", "https://www.example.jp/wiki/宮城県 を見ます。", "[宮城県の説明](https://www.example.jp/wiki/%E5%AE%AE%E5%9F%8E%E7%9C%8C)を見ます。", _cut_addresses,
    ),
)  # fmt: skip
