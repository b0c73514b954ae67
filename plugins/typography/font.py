"""Finds the font of pictures with words: cards, and SVG drawings that become a PNG for mails.

The order is fixed and nothing is searched, so that one machine always takes the same file:

1. ``CARD_FONT`` of the settings, a path; None for cards without words;
2. the wheel ``noto-cjk-sans-jp-bold`` (extra ``cards``; SIL Open Font License 1.1);
3. the bold Japanese sans serif that Debian, Fedora, macOS or Windows installs.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

_WHEEL = "noto_cjk_sans_jp_bold"

SYSTEM = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Bold.ttc",
    "/System/Library/Fonts/ヒラギノ角ゴシック W6.ttc",
    "C:/Windows/Fonts/YuGothB.ttc",
    "C:/Windows/Fonts/meiryob.ttc",
)
"""The fonts of systems, in the order in which they are tried. Installing or removing one changes the cards."""


def find_font(setting: str | None = "") -> Path | None:
    """Return the font file, or None if there is none. ``setting`` is ``CARD_FONT``; raises `FileNotFoundError` if it names no file."""
    if setting is None:
        return None
    if setting:
        if not Path(setting).is_file():
            raise FileNotFoundError(f"CARD_FONT: no file at {setting}")
        return Path(setting)
    return _wheel_font() or next((path for path in map(Path, SYSTEM) if path.is_file()), None)


def _wheel_font() -> Path | None:
    spec = find_spec(_WHEEL)
    folders = spec.submodule_search_locations if spec else None
    return next((file for folder in folders or () for file in sorted(Path(folder).glob("*.otf"))), None)
