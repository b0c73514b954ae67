"""The pages of a pack that people read: an index that opens from the zip, and a README with the common tools."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from itertools import groupby
from urllib.parse import quote

from jinja2 import Environment

from publisher.proof.needs import COVERS, SOURCES, read_needs
from publisher.proof.pack import JAPAN, Pack

_TEMPLATES = files("publisher.proof").joinpath("templates")


def index_page(pack: Pack) -> bytes:
    """Return index.html: one page without scripts, in Japanese and English, whose links lead to files of the pack."""
    needs = read_needs()
    shown = {need.id: [name for name in need.files if name in ("index.html", "SHA256SUMS") or pack.has(name)] for need in needs}
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"groups": _by_folder, "link": quote}
    page = environment.from_string(_TEMPLATES.joinpath("index.html").read_text("utf-8"))
    return page.render(pack=pack, needs=needs, shown=shown, sources=SOURCES, covers=COVERS, zone=JAPAN).encode()


def _by_folder(paths: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the parts of each folder at the top of the pack; ``paths`` are sorted."""
    inside = [path for path in paths if "/" in path]
    return [(folder, list(each)) for folder, each in groupby(inside, key=lambda path: path.partition("/")[0])]


def readme(pack: Pack) -> bytes:
    """Return README.txt."""
    return (
        _TEMPLATES.joinpath("README.txt")
        .read_text("utf-8")
        .format(
            first=pack.first,
            last=pack.last,
            missing="\n".join(f"- {line}" for line in pack.missing) or "-",
            notes="\n".join(f"- {line}" for line in pack.notes) or "-",
        )
        .encode()
    )
