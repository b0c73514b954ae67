"""Alternative texts that describe the image: T301 to T303. Front matter checks that there is one (F402)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugins.checks.rules.manuscript import IMAGE, Manuscript
from plugins.checks.rules.rule import Hit, Rule

LONGEST = 120
"""Characters of an alternative text. A longer description belongs into the text, where everybody can read it at their own pace."""

_GENERIC = re.compile(
    r"(?:写真|画像|図|図表|絵|イラスト|グラフ|地図|ロゴ|アイコン|image|photo|picture|figure|logo|icon)?[ \u3000]*[0-9０-９.\-]*",
    re.IGNORECASE,
)
_FILE = re.compile(r"[\w.\-]+\.(?:png|jpe?g|gif|webp|avif|svg|bmp|tiff?)|(?:IMG|DSC|DSCN|P|PXL|image)[_\-]?[0-9]{3,}[\w\-]*", re.IGNORECASE)
_KEY = re.compile(r"^image_alt:[ \t]*[\"']?(?P<alt>[^\n\"']*)", re.MULTILINE)


def _descriptions(source: Manuscript) -> Iterator[re.Match[str]]:
    yield from _KEY.finditer(source.text, 0, source.body)
    yield from IMAGE.finditer(source.marked)


def _empty_words(source: Manuscript) -> Iterator[Hit]:
    for match in _descriptions(source):
        words = match["alt"].strip()
        if words and (_GENERIC.fullmatch(words) or _FILE.fullmatch(words)):
            yield Hit(
                *match.span(),
                f"画像の説明「{words}」では、何が写っているか分かりません。「新しい駅に着いた列車の写真」のように書いてください",
                f"the alt text {words!r} does not say what is seen: write, for example, 新しい駅に着いた列車の写真",
            )


def _long(source: Manuscript) -> Iterator[Hit]:
    for match in _descriptions(source):
        if len(match["alt"]) > LONGEST:
            yield Hit(
                *match.span(),
                f"画像の説明が{len(match['alt'])}文字あります。{LONGEST}文字までにし、残りは本文に書いてください",
                f"the alt text has {len(match['alt'])} characters, at most {LONGEST}: put the rest into the text",
            )


def _twice(source: Manuscript) -> Iterator[Hit]:
    for match in IMAGE.finditer(source.marked):
        if match["title"] and match["alt"].strip() == match["title"].strip():
            yield Hit(
                *match.span(),
                "画像の説明と下に出す文が同じで、二度読まれます。説明には見えるものを、下の文には伝えたいことを書いてください",
                "alt text and caption are the same and read twice: describe what is seen in the first, say what it means in the second",
            )


RULES = (
    Rule(
        "T301", "error", "説明にならない画像の説明", "alt text that says nothing",
        "「写真」や「IMG_0123.jpg」と読み上げられても、何の絵か分かりません",
        "hearing 写真 or IMG_0123.jpg tells nobody what the picture shows",
        "JIS X 8341-3 1.1.1, WCAG 2.2 F30", "![写真1](../../images/a.png)", "![高台の新しい家並み](../../images/a.png)", _empty_words,
    ),
    Rule(
        "T302", "warn", "長すぎる画像の説明", "alt text that is too long",
        "読み上げの途中で止めて戻ることができず、拡大して読むこともできません",
        "alt text cannot be paused, searched or enlarged",
        "WCAG 2.2 H45", f"![{'高台の新しい家並みと、その向こうの海。' * 7}](../../images/a.png)", "![高台の新しい家並み](../../images/a.png)", _long,
    ),
    Rule(
        "T303", "warn", "下に出す文と同じ画像の説明", "alt text equal to the caption",
        "同じ文が二度読み上げられます", "the same words are read out twice",
        "WCAG 2.2 1.1.1", '![新しい駅](../../images/a.png "新しい駅")', '![二両の列車が着いた新しい駅](../../images/a.png "新しい駅")', _twice,
    ),
)  # fmt: skip
