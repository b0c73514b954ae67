"""What a prefecture has to show, from the table that the audit pack's index is made from. Auditors in Japan read it, so it is Japanese."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generate.tables import table
from publisher.proof.needs import COVERS, SOURCES, Need, read_needs

HEADINGS = ("番号", "求められること", "一式のファイル", "コマンド", "範囲", "示すもの、示せないもの")


def needs_page() -> str:
    """Return Markdown: one table for each source, then what this system does not show."""
    needs = read_needs()
    sections = [
        f"## {words[0]}\n\n{table(HEADINGS, (_row(need) for need in needs if need.source == source))}" for source, words in SOURCES.items()
    ]
    return "\n".join((*sections, "## このシステムの外にあるもの\n", *_outside(needs)))


def _row(need: Need) -> tuple[str, ...]:
    return (
        need.id,
        need.ja,
        "、".join(f"`{name}`" for name in need.files) or "–",
        f"`{need.command}`" if need.command else "–",
        COVERS[need.cover][0],
        need.note_ja,
    )


def _outside(needs: tuple[Need, ...]) -> Iterator[str]:
    for need in needs:
        if need.cover == "no":
            yield f"- {need.id} {need.ja}。{need.note_ja}。"
