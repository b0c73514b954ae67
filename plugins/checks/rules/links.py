"""Link words that name the destination: T401 to T404."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import unquote

from plugins.checks.rules.manuscript import ANCHOR, LINK, Manuscript, visible
from plugins.checks.rules.rule import Hit, Rule
from plugins.frontmatter.model.link_targets import path_of

_VAGUE = re.compile(
    r"(?:(?:詳しく|くわしく|詳細|詳しい(?:内容|情報)|続き|申し?込み|お申し?込み|ダウンロード)は?[、，]?)?(?:こちら|コチラ|ここ|此処|これ|下記|以下|上記)(?:から|へ|を(?:ご覧ください|クリック|見る|参照))?"
    r"|詳細|詳しく(?:は|見る)?|くわしく(?:は|見る)?|続き(?:を(?:読む|見る))?|もっと(?:見る|読む)|クリック|リンク|ページ|サイト|ホームページ|HP|URL|PDF|ダウンロード|次へ|前へ|戻る"
    r"|(?:click )?here|(?:read |see )?more|details?|link|download",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"!\[|<img\b|<svg\b", re.IGNORECASE)
"""What stands in the place of words, with a description of its own (F402)."""
_TRIM = re.compile(r"^[\s\u3000「『【（(\[＞>》→▶…・]+|[\s\u3000」』】）)\]＞>》→▶…。．.、！!]+$")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_AUTOLINK = re.compile(r"<(?P<to>https?://[^<>\s]+)>")
_SIZE = re.compile(r"[0-9][0-9.,]*[ \u3000]?(?:kB|KB|MB|GB|キロバイト|メガバイト|バイト)")
_FILE_TYPES = {
    ".pdf": "PDF", ".doc": "Word", ".docx": "Word", ".xls": "Excel", ".xlsx": "Excel", ".ppt": "PowerPoint", ".pptx": "PowerPoint", ".csv": "CSV",
    ".zip": "ZIP", ".odt": "ODT", ".ods": "ODS",
}  # fmt: skip


@dataclass(frozen=True)
class Link:
    """A link: its offsets, the words that readers see, the address as written."""

    start: int
    end: int
    words: str
    to: str


@lru_cache(maxsize=1)  # four rules ask for the same source, one after the other
def links(source: Manuscript) -> list[Link]:
    """Return every link of the body, written in Markdown or as ``<a>``, in order."""
    if "](" not in source.marked and "<" not in source.marked:
        return []
    matches = [*LINK.finditer(source.marked), *ANCHOR.finditer(source.marked)]
    in_order = sorted(matches, key=lambda match: match.start())
    return [Link(*match.span(), visible(source.text[match.start("text") : match.end("text")]), match["to"]) for match in in_order]


def readable_size(count: int) -> str:
    """Return bytes as an editor writes them: 「870kB」, 「1.2MB」 (SI, 1 kB = 1,000 bytes)."""
    return f"{max(1, round(count / 1000))}kB" if count < 999_500 else f"{count / 1_000_000:.1f}MB"


def _vague(source: Manuscript) -> Iterator[Hit]:
    for link in links(source):
        if not link.words.strip() and not _PICTURE.search(source.text, link.start, link.end):
            ja = "リンクのことばがありません。見ても聞いても、リンクがあることが分かりません。行き先の題名を書くか、リンクを消してください"
            yield Hit(
                link.start,
                link.end,
                ja,
                "the link has no words, and nobody sees or hears it: write the name of the page it leads to, or delete it",
            )
        elif _VAGUE.fullmatch(_TRIM.sub("", link.words)):
            yield Hit(
                link.start,
                link.end,
                f"リンクのことば「{link.words}」だけでは、行き先が分かりません。行き先の題名をリンクにしてください",
                f"the link {link.words!r} does not say where it leads: use the name of the page it leads to",
            )


def _bare(source: Manuscript) -> Iterator[Hit]:
    spans = [(link.start, link.end, link.to) for link in links(source) if _ADDRESS.fullmatch(link.words)]
    spans += [(*match.span(), match["to"]) for match in _AUTOLINK.finditer(source.marked)]
    for start, end, to in spans:
        yield Hit(
            start,
            end,
            f"アドレスがそのままリンクになっていて、一字ずつ読まれます。[ページの題名]({to}) と書いてください",
            f"a bare address is read out letter by letter: write [name of the page]({to})",
        )


def _without_size(source: Manuscript) -> Iterator[Hit]:
    for link in links(source):
        address = unquote(path_of(link.to))
        kind = _FILE_TYPES.get(PurePosixPath(address).suffix.lower())
        if kind and not (kind.lower() in link.words.lower() and _SIZE.search(link.words)):
            size = source.size_of(address) if "://" not in link.to else None
            example = f"（{kind}、{readable_size(size) if size is not None else '1.2MB'}）"
            yield Hit(
                link.start,
                link.end,
                f"ファイルへのリンク「{link.words}」に種類と大きさがありません。「{link.words}{example}」のように書いてください",
                f"the link {link.words!r} leads to a file: say kind and size, such as {example}",
            )


def _same(source: Manuscript) -> Iterator[Hit]:
    first: dict[str, str] = {}
    for link in links(source):
        if link.words and first.setdefault(link.words, link.to) != link.to and not _VAGUE.fullmatch(_TRIM.sub("", link.words)):
            yield Hit(
                link.start,
                link.end,
                f"同じことば「{link.words}」のリンクが、別の行き先へも張られています。ちがいの分かることばにしてください",
                f"another link with the words {link.words!r} leads elsewhere: choose words that tell them apart",
            )


RULES = (
    Rule(
        "T401", "error", "行き先の分からないリンク", "link words that say nothing",
        "リンクだけを拾い読みする人には「こちら、こちら、こちら」と聞こえます",
        "whoever goes from link to link hears 'here, here, here'",
        "JIS X 8341-3 2.4.4, WCAG 2.2 F63", "申し込みは[こちら](../../pages/about.md)。", "[申し込みの案内](../../pages/about.md)をご覧ください。", _vague,
    ),
    Rule(
        "T402", "warn", "アドレスのままのリンク", "a bare address as link",
        "アドレスは一字ずつ読み上げられます", "an address is spoken letter by letter",
        "WCAG 2.2 2.4.9", "<https://www.example.jp/a/b>", "[県のページ](https://www.example.jp/a/b)", _bare,
    ),
    Rule(
        "T403", "error", "大きさの分からないファイルへのリンク", "a link to a file without kind and size",
        "電波の弱いところや、料金のかかる回線で開く人が、開く前に決められません",
        "with a weak or paid line one must know before opening",
        "デジタル庁 ウェブアクセシビリティ導入ガイドブック", "[計画書](https://www.example.jp/plan.pdf)", "[計画書（PDF、1.2MB）](https://www.example.jp/plan.pdf)", _without_size,
    ),
    Rule(
        "T404", "warn", "同じことばで行き先のちがうリンク", "the same words for different places",
        "リンクの一覧では見分けが付きません", "in a list of links they cannot be told apart",
        "JIS X 8341-3 2.4.9", "[地図](https://a.example.jp/)と[地図](https://b.example.jp/)",
        "[石巻市の地図](https://a.example.jp/)と[女川町の地図](https://b.example.jp/)", _same,
    ),
)  # fmt: skip
