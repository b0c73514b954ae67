"""The columns of the tables of the situation, from the declarations that read them."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generate.tables import code, table
from plugins.frontmatter.model.situation import UnknownAfter
from plugins.situation import shelters
from plugins.situation.table_kinds import KINDS, Kind

_DESIGNATED = {
    shelters.CODE: "市町村のコード。頭の0や検査数字がなくても読む。空なら、地方公共団体名か所在地_市区町村で見分ける",
    shelters.NUMBER: "市町村の中で一つだけの番号。`0000000012` と `12` は同じとみなす",
    shelters.NAME: "避難所の名前（必ず書く）",
    shelters.ADDRESS: "住所。空なら、所在地の四つの列をつなぐ",
    "緯度": "世界測地系、十進の度。経度と逆なら直す。日本の外なら載せない",
    shelters.PHONE: "市外局番からの番号",
    "災害種別_洪水": "使える災害に1。ほかの七つの列も同じ",
    shelters.PEOPLE: "入れる人の数。状況の表の定員が空のときに使う",
}


def situation_page() -> str:
    """Return the table of designated shelters, and one for each kind."""
    return "\n".join([*_shelters(), *(line for kind in KINDS.values() for line in _kind(kind))])


def _shelters() -> Iterator[str]:
    yield f"## 指定緊急避難場所・避難所（{code(shelters.PATH.name)}）\n"
    yield "自治体標準オープンデータセット「指定緊急避難場所一覧」の列を、そのまま読みます。読む列は次のとおりです。ほかの列はあっても構いません。\n"
    yield table(("列", "中身", "別の名前"), [(name, words, _aliases(name)) for name, words in _DESIGNATED.items()])
    yield f"\nすべての列：{'、'.join(shelters.COLUMNS)}\n"


def _aliases(name: str) -> str:
    return "、".join(alias for alias, column in shelters.FORM.aliases.items() if column == name)


def _kind(kind: Kind) -> Iterator[str]:
    hours = UnknownAfter.model_fields[kind.key].default
    yield f"## {kind.title}（{code(kind.file)}）\n"
    yield f"{kind.description}新しい行のないまま{hours}時間たつと「不明」に変わります（{code(f'site.situation.unknown_after.{kind.key}')}）。\n"
    yield table(
        ("列", "必ず", "中身", "別の名前"),
        [(column.name, "○" if column.needed else "", column.words, "、".join(column.aliases)) for column in kind.columns],
    )
    yield ""
    yield table((kind.state, "別の言葉"), [(state.word, "、".join(state.aliases)) for state in kind.states])
    yield ""
