"""Which font the cards are written in. A clear order, no search: the same machine always takes the same file.

1. ``CARD_FONT`` of the settings, a path; None for cards without words.
2. The wheel ``noto-cjk-sans-jp-bold`` (extra ``cards``; SIL Open Font License 1.1).
3. What Debian, Fedora, macOS and Windows install as their bold Japanese sans serif.
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
"""Where systems keep one. A font that comes or goes changes the cards."""


def find_font(chosen: str | None = "") -> Path | None:
    """Return the font file, or None if this machine has none. Raises `FileNotFoundError` when the one that was chosen is missing."""
    if chosen is None:
        return None
    if chosen:
        if not Path(chosen).is_file():
            raise FileNotFoundError(f"CARD_FONT: no file at {chosen}")
        return Path(chosen)
    return _of_wheel() or next((path for path in map(Path, SYSTEM) if path.is_file()), None)


def _of_wheel() -> Path | None:
    spec = find_spec(_WHEEL)
    places = spec.submodule_search_locations if spec else None
    return next((file for place in places or () for file in sorted(Path(place).glob("*.otf"))), None)
