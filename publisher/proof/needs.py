"""The table of what a prefecture has to show (`needs.toml`): item by item which file of the pack and which command show it, and what does not."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

Source = Literal["policy", "bcp"]

SOURCES: dict[Source, tuple[str, str]] = {
    "policy": (
        "情報セキュリティポリシー（地方公共団体向けガイドラインの章立て）",
        "Information security policy (chapters of the guideline for local governments)",
    ),
    "bcp": ("ICT-BCP 初動版（発災後およそ72時間）", "ICT-BCP for the first 72 hours"),
}
COVERS = {"yes": ("示せる", "shown"), "part": ("一部を示せる", "in part"), "no": ("このシステムの外", "not by this system")}


@dataclass(frozen=True)
class Need:
    """One item in our own words. ``files`` are beginnings of paths in the pack; ``cover`` is a key of `COVERS`."""

    id: str
    source: Source
    ja: str
    en: str
    files: tuple[str, ...]
    command: str
    cover: str
    note_ja: str
    note_en: str


def read_needs() -> tuple[Need, ...]:
    """Return all items, in their order."""
    table = tomllib.loads(files("publisher.proof").joinpath("needs.toml").read_text(encoding="utf-8"))
    return tuple(Need(**{**row, "files": tuple(row["files"])}) for row in table["need"])
