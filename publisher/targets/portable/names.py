"""Names that FAT32 and exFAT can hold (Microsoft's specifications of both; "Naming Files, Paths, and Namespaces" of Windows)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_FORBIDDEN = frozenset('"*:<>?\\|')
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in "123456789")})
_MOST_UNITS = 255
"""UTF-16 units of one name."""


def unfit(paths: Iterable[str]) -> list[str]:
    """Return one line for each path that FAT cannot hold, and for each that is one file with another there: letters in both cases are one, and forms of accents."""
    problems, seen = [], dict[str, str]()
    for path in sorted(paths):
        if why := next((why for part in path.split("/") if (why := _problem(part))), ""):
            problems.append(f"{path}: {why}")
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):  # folders too: `Press/` and `press/` are one
            prefix = "/".join(parts[:depth])
            key = unicodedata.normalize("NFC", prefix).casefold()
            if seen.setdefault(key, prefix) != prefix:
                problems.append(f"{path}: the same name as {seen[key]} there")
                break
    return problems


def _problem(name: str) -> str:
    if bad := sorted(_FORBIDDEN & set(name)):
        return f"{bad[0]} is in a name"
    if name[-1] in " .":
        return "a name ends with a space or a dot"
    if name.partition(".")[0].rstrip().lower() in _DEVICES:
        return f"{name} is the name of a device on Windows"
    if len(name.encode("utf-16-le", "surrogatepass")) > 2 * _MOST_UNITS:
        return f"a name has more than {_MOST_UNITS} characters"
    return ""
