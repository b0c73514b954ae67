"""The site builders that are measured, each set up in a folder of its own with the same articles."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

NOW = "2021-03-31T12:00"


@dataclass
class Builder:
    """A site builder in a folder of its own. ``prepare`` rewrites articles for it; ``template`` is its base template."""

    name: str
    root: Path
    command: list[str]
    output: Path
    template: Path
    prepare: Callable[[Path], None] = lambda _content: None
    cwd: Path = field(default_factory=Path.cwd)

    @property
    def content(self) -> Path:
        return self.root / "content"


def python_environment() -> dict[str, str]:
    """Return the environment of the processes: they find our code, and Python caches compiled modules, as on any machine."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPATH": os.getcwd()}  # noqa: PTH109


def todoke(root: Path, cache: Path, *, extras: bool = False) -> Builder:
    """Todoke by its command line, with a copy of the real theme that a step may change. ``cache`` holds pictures and compiled templates by content."""
    theme = root / "theme"
    shutil.copytree("themes/miyagi", theme)
    overrides = f"THEME = {str(theme)!r}\nCACHE = {str(cache)!r}\n" + ("" if extras else "FURIGANA = False\nCARD_FONT = None\n")
    (root / "pelicanconf.py").write_text(Path("pelicanconf.py").read_text(encoding="utf-8") + overrides, encoding="utf-8")
    command = [sys.executable, "-m", "todoke", "build", "--now", NOW]
    return Builder(
        "todoke, all" if extras else "todoke", root, command, root / "output" / "site", theme / "templates" / "base.html", cwd=root
    )


def stock(root: Path) -> Builder:
    """Pelican without plugins."""
    theme, settings = root / "theme", root / "pelicanconf.py"
    shutil.copytree("benchmarks/stock/templates", theme / "templates")
    shutil.copytree("themes/miyagi/static", theme / "static")
    settings.write_text(
        Path("benchmarks/stock/pelicanconf.py").read_text(encoding="utf-8").replace("benchmarks/stock", str(theme)), encoding="utf-8"
    )
    command = [sys.executable, "-m", "pelican", "-q", str(root / "content"), "-s", str(settings), "-o", str(root / "site")]
    return Builder("pelican", root, command, root / "site", theme / "templates" / "base.html", _for_stock)


def hugo(root: Path, binary: str) -> Builder:
    """Hugo, with templates of equal content."""
    shutil.copytree("benchmarks/hugo", root, dirs_exist_ok=True)
    shutil.copytree("themes/miyagi/static", root / "static" / "theme")
    shutil.move(root / "content" / "images", root / "static" / "images")
    command = [binary, "--quiet", "--source", str(root), "--destination", str(root / "site")]
    return Builder("hugo", root, command, root / "site", root / "layouts" / "_default" / "baseof.html", _for_hugo)


def eleventy(root: Path, modules: Path) -> Builder:
    """Eleventy, with templates of equal content. ``modules`` is the folder into which npm installed it."""
    shutil.copytree("benchmarks/eleventy", root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    (root / "node_modules").symlink_to(modules.absolute())
    shutil.copytree("themes/miyagi/static", root / "static")
    shutil.rmtree(root / "content" / "pages")
    data = root / "articles.11tydata.js"
    for folder in (root / "content").iterdir():
        if folder.name not in ("images", "data"):
            shutil.copy(data, folder / f"{folder.name}.11tydata.js")
    data.unlink()
    command = ["node", "node_modules/@11ty/eleventy/cmd.cjs", "--quiet"]
    return Builder("eleventy", root, command, root / "site", root / "_includes" / "base.njk", _for_hugo, cwd=root)


def _for_stock(content: Path) -> None:
    """Stock Pelican reads ``key: value`` lines, not YAML."""
    for file in content.glob("*/*/a*.md"):
        rewrite(
            file,
            lambda text: (
                text.replace("---\n", "", 1)
                .replace("\n---\n", "\n\n", 1)
                .replace("topics: [", "tags: ")
                .replace("municipalities: [", "place: ")
                .replace("]\n", "\n")
            ),
        )


def _for_hugo(content: Path) -> None:
    """Hugo and Eleventy need seconds and a zone in dates."""
    for file in content.glob("*/*/a*.md"):
        rewrite(file, _with_full_date)


def _with_full_date(text: str) -> str:
    before, _, after = text.partition("\ndate: ")
    return f"{before}\ndate: {after[:10]}T{after[11:16]}:00+09:00{after[16:]}"


def rewrite(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
