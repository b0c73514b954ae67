"""Repairs of local government codes: two digits of JIS X 0401, three of JIS X 0402, and a check digit. Pure.

Spreadsheets take the codes for numbers and drop a zero at the front; many tables leave out the check digit.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugins.frontmatter.model.places import Place, check_digit, is_code, place_named
from plugins.open_data.cells import digits
from plugins.open_data.notes import CellRefused, Note


def municipality(code: str, name: str, places: Mapping[str, Place]) -> tuple[Place | None, str, list[Note]]:
    """Return the municipality (None for the whole prefecture), the repaired code, and notes of the repairs.

    ``name`` is the cell 市区町村名, ``places`` are the municipalities of this prefecture by name. Raises `CellRefused` if code and name contradict each other,
    or if neither names a municipality of this prefecture.
    """
    by_code = {place.code: place for place in places.values()}
    named = _named(digits(name), places)
    candidates = _candidates(digits(code).replace(" ", ""))
    consistent = [candidate for candidate in candidates if candidate in by_code and named in (None, by_code[candidate])]
    contradicting = [candidate for candidate in candidates if candidate in by_code and candidate not in consistent]
    # The code of a prefecture has 000 for the municipality.
    prefecture = [candidate for candidate in candidates if candidate[2:5] == "000" and candidate[:2] in {known[:2] for known in by_code}]
    if not consistent and contradicting:
        other = by_code[contradicting[0]].name
        raise CellRefused(
            f"コード「{code}」は{other}ですが、市区町村名は「{name}」です", f"code {code!r} is {other}, but the name is {name!r}", "E107"
        )
    if repaired := next(iter(consistent or prefecture), None):
        return (by_code.get(repaired) or named), repaired, _notes(code, repaired)
    if named and not candidates:
        return (
            named,
            named.code,
            [
                Note(
                    f"コード「{code}」が読めないので、市区町村名から「{named.code}」としました", f"code from the name: {named.code}", "E204"
                )
            ],
        )
    raise CellRefused(
        f"コード「{code}」、市区町村名「{name}」は、この県の市町村ではありません",
        f"{code!r} {name!r} is no municipality of this prefecture",
        "E107",
    )


def _notes(code: str, repaired: str) -> list[Note]:
    return (
        []
        if repaired == code.strip()
        else [Note(f"コード「{code}」を「{repaired}」としました", f"code {code!r} became {repaired!r}", "E204")]
    )


def _named(name: str, places: Mapping[str, Place]) -> Place | None:
    return place_named(places, name) if name else None


def _candidates(code: str) -> list[str]:
    """Every valid code that ``code`` may have been before it lost a zero at the front, its check digit, or both."""
    if not code.isascii() or not code.isdigit():
        return []
    padded = [code] if len(code) == 6 else [code.zfill(6)] if len(code) == 5 else []
    five = code if len(code) == 5 else code.zfill(5) if len(code) == 4 else ""
    return [candidate for candidate in padded if is_code(candidate)] + ([five + check_digit(five)] if five else [])
