"""The reference of front matter, from the models of the content types. Editors read it, so it is Japanese."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from docs.generate.settings import Setting, settings, text_of
from docs.generate.tables import code, table
from docs.generate.texts import Text
from plugins.frontmatter.model.content_types import CONTENT_TYPES, Meta

KIND = Setting("kind", "", "", is_required=False)
"""The one key that no model has: it chooses the model."""


def fields(model: type[Meta]) -> list[Setting]:
    """Return the keys of one content type. A municipality or a topic is written as one word, so their own fields are none of an editor's."""
    return [row for row in settings(model) if row.key.partition(".")[0] not in ("municipalities", "topics")] + [
        Setting(name, "", "", is_required=False) for name in ("municipalities", "topics")
    ]


def own_fields(name: str, model: type[Meta], common: Sequence[Setting]) -> Iterator[Setting]:
    """Yield what one content type adds to the keys of all, and those of all that it requires though others do not (but ``date``)."""
    known = {row.key: row for row in common}
    for row in fields(model):
        if row.key not in known or (row.is_required and not known[row.key].is_required and row.key != "date"):
            yield replace(row, key=f"{name}.{row.key}")


def front_matter_page(texts: Mapping[str, Text]) -> str:
    """Return Markdown in Japanese: the keys of all content types, then those of each."""
    common = [*fields(Meta), KIND]
    sections = ["## どの種類にも書けること\n", _table(common, texts)]
    for name, model in CONTENT_TYPES.items():
        sections += [f"## {name}（{model.word}）\n", _dated(model)]
        if own := list(own_fields(name, model, common)):
            sections.append(_table(own, texts))
    return "\n".join(sections)


def _dated(model: type[Meta]) -> str:
    needs = "必ず書きます" if model.model_fields["date"].is_required() else "なくてもかまいません"
    return f"`date` は、{needs}。\n"


def _table(rows: Sequence[Setting], texts: Mapping[str, Text]) -> str:
    """Return one table; without the column of words to choose from where no field has any."""
    cells = [_row(row, texts) for row in rows]
    header = ("項目", "必須", "意味", "選べることば")
    width = 4 if any(row[3] for row in cells) else 3
    return table(header[:width], [row[:width] for row in cells])


def _row(row: Setting, texts: Mapping[str, Text]) -> tuple[str, str, str, str]:
    words = row.value if row.value.startswith("`") and "true" not in row.value else ""
    key = row.key.partition(".")[2] or row.key
    return code(key), "○" if row.is_required else "", str(text_of(row, texts)), words
