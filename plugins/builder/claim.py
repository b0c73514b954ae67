"""Whether a folder may be built into: new, empty, or made by a build before; outside of the sources; no link inside leads to another tree."""

from __future__ import annotations

from pathlib import Path

from plugins.builder.options import BuildFailed

MARK = ".todoke"
"""A file in ``output/`` that says: this folder is ours, and may be replaced."""

_TREES = ("site", "mail", "staging", "staging/site", "staging/mail", "announcements", "staging/announcements", "previous")


def claim(output: Path, content: Path) -> None:
    """Mark ``output`` as ours if it is new or empty. Raises `BuildFailed` for a folder with files of somebody else (getpelican/pelican#731), `OSError`."""
    mark = output / MARK
    if output.resolve().is_relative_to(content.resolve()) or content.resolve().is_relative_to(output.resolve()):
        raise BuildFailed(
            f"{output} は原稿のフォルダーと重なっています。--output で別の場所を選んでください"
            f" / {output} overlaps the folder of the sources. Choose another folder with --output."
        )
    if output.exists() and not mark.exists() and any(output.iterdir()):
        raise BuildFailed(f"{output} holds files that no build of ours made. Choose another folder with --output, or move them away.")
    if linked := [name for name in _TREES if (output / name).is_symlink()]:
        raise BuildFailed(
            f"{output / linked[0]} がリンクです。ビルドはこのフォルダーを丸ごと取り替えます。リンクを消し、ウェブサーバーに {output} の中を読ませてください"
            f" / {output / linked[0]} is a link. A build replaces this folder as a whole: delete the link, and let the web server read {output}."
        )
    output.mkdir(parents=True, exist_ok=True)
    if not mark.exists():
        mark.write_text("Made by todoke build; everything here may be replaced.\n", encoding="utf-8")
