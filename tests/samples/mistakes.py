"""The table of mistakes that editors make (``tests/data/mistakes/``), and a small site with one of them in it."""

from __future__ import annotations

import io
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from tests.samples.tiny import ARTICLE, TinySite

FOLDER = Path(__file__).parents[1] / "data" / "mistakes"

_HEADER = "---\ntitle: 題名\ndate: 2020-05-01 10:00\n---\n"


@dataclass(frozen=True)
class Mistake:
    """One row of the table. tests/data/mistakes/README.md describes the keys; ``section`` is the name of the file."""

    section: str
    name: str
    source: str | None = None
    front: str | None = None
    body: str | None = None
    at: str = "content/press/2020/a.md"
    path: str = ""
    line: int = 0
    rule: str = ""
    cause: str = ""
    write: str = ""
    ok: bool = False
    fixed: bool = False
    encoding: str = "utf-8"
    also: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    articles: tuple[str, ...] = ()
    pictures: dict[str, str] = field(default_factory=dict)
    settings: tuple[str, str] = ("", "")

    @property
    def accused(self) -> str:
        """The path that the message has to name."""
        return self.path or self.at

    def __str__(self) -> str:
        return f"{self.section}: {self.name}"

    @property
    def text(self) -> str | None:
        """The text of the source with the mistake; None if the mistake is in another file."""
        if self.front is not None:
            return f"---\n{self.front}\n---\n本文です。\n"
        return f"{_HEADER}{self.body}\n" if self.body is not None else self.source


def read_mistakes() -> list[Mistake]:
    """Return every row of the table."""
    rows: list[tuple[str, dict[str, Any]]] = []
    for file in sorted(FOLDER.glob("*.toml")):
        rows += [(file.stem, row) for row in tomllib.loads(file.read_text(encoding="utf-8"))["mistakes"]]
    return [Mistake(section=section, **row) for section, row in rows]


def put(site: TinySite, mistake: Mistake) -> None:
    """Write the files of ``mistake`` into an empty site."""
    if mistake.text is not None:
        _write(site.root / mistake.at, mistake.text.encode(mistake.encoding))
    for path, text in mistake.files.items():
        _write(site.content / path, text.encode(mistake.encoding))
    for number, path in enumerate(mistake.articles, 1):
        _write(site.content / path, ARTICLE.format(title=f"第{number}話", date="2020-05-01 10:00", lead="段落です。").encode())
    for path, kind in mistake.pictures.items():
        _write(site.content / path, picture(kind))
    toml = site.root / "publications.toml"
    text = toml.read_text(encoding="utf-8")
    assert mistake.settings[0] in text
    encoding = mistake.encoding if mistake.accused == toml.name else "utf-8"
    toml.write_bytes(text.replace(*mistake.settings, 1).encode(encoding))


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def picture(kind: str) -> bytes:
    """Return the bytes of a file of ``kind``: a format of Pillow, ``heic``, ``html``, ``empty``, ``cut png``, ``pdf`` or ``pdf 53`` (megabytes)."""
    match kind.split():
        case ["empty"]:
            return b""
        case ["html"]:
            return b"<!DOCTYPE html><html><title>404 Not Found</title></html>\n"
        case ["heic"]:  # ISO/IEC 23008-12, 10.2.1: the brand in the first box
            return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200)
        case ["pdf"]:
            return _pdf()
        case ["pdf", megabytes]:
            return _pdf().ljust(int(megabytes) * 1_000_000, b"\n")
        case ["cut", form]:
            whole = picture(form)
            return whole[: len(whole) * 2 // 3]
    stream = io.BytesIO()
    Image.effect_noise((64, 36), 80).convert("RGB").save(stream, kind.upper())
    return stream.getvalue()


def _pdf() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 36)).save(stream, "PDF")
    return stream.getvalue()
