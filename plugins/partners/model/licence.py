"""What a partner's licence allows, as far as its words say so. Pure."""

from __future__ import annotations

import re

_ALLOWS_COPIES = re.compile(
    r"\bCC0\b|\bCC[ -]?BY\b|creative\s*commons|クリエイティブ・?\s*コモンズ|public\s*domain|パブリック・?\s*ドメイン|公共データ利用規約|政府標準利用規約|\bPDL\b",
    re.IGNORECASE,
)
"""Licences that allow whoever keeps to their terms to copy whole works and to share them (Creative Commons 4.0, section 2(a)(1)), the terms of Japanese
government data, and works without protection."""


def allows_copies(licence: str) -> bool:
    """Tell whether a licence allows to copy files. Any other agreement (``許可を得て転載``) is about the text: the editor says so with ``copy_files``."""
    return _ALLOWS_COPIES.search(licence) is not None
