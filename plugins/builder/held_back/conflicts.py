"""Tells which of two files came later to the address that both want."""

from __future__ import annotations

import re

from plugins.builder.held_back.history import History

# Whatever else an editor changes in a document, its addresses stay. The body is left out: a line of it may begin with the same word.
_CLAIMS = re.compile(rb"^(?:slug|aliases|date|publication|kind):.*?(?=^[^\s-]|\Z)", re.MULTILINE | re.DOTALL)
_BODY = re.compile(rb"^---[ \t]*\r?$", re.MULTILINE)


def later_claim(history: History, first: tuple[str, bytes], second: tuple[str, bytes]) -> str:
    """Return the path of that file whose claim is newer in ``history``, given paths and bytes. If both are of one commit, or nobody knows: ``second``.

    A claim is as old as the first of the versions without a break that named the same address. One that is not committed is the newest.
    """
    versions = history.versions([first[0], second[0]])

    def place(path: str, data: bytes) -> int:
        """Count the commits since the claim was made, among those that changed one of the two files."""
        oldest, claim = -1, _claim(data)
        for version in versions[path]:
            earlier = history.read(version)
            if earlier is None or _claim(earlier) != claim:
                break
            oldest = version.place
        return oldest

    return first[0] if place(*first) < place(*second) else second[0]


def _claim(data: bytes) -> list[bytes]:
    front_matter = _BODY.split(data, 2)[1:2] if data.lstrip(b"\xef\xbb\xbf").startswith(b"---") else []
    return [match.group().replace(b"\r\n", b"\n") for each in front_matter for match in _CLAIMS.finditer(each)]
