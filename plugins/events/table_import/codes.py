"""Codes of local governments (JIS X 0401 and X 0402 with a check digit), repaired. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from plugins.events.table_import.cells import digits
from plugins.events.table_import.notes import CellRefused, Note
from plugins.frontmatter.model.registry import Place


def check_digit(code: str) -> str:
    """Return the check digit of the first five digits: weights 6 to 2, 11 − sum mod 11, its last digit (JIS X 0402)."""
    total = sum(int(digit) * weight for digit, weight in zip(code[:5], (6, 5, 4, 3, 2), strict=True))
    return str(11 - total % 11)[-1]


def is_code(code: str) -> bool:
    """Tell whether ``code`` has six digits, the last of which fits."""
    return len(code) == 6 and code.isascii() and code.isdigit() and check_digit(code) == code[5]


def municipality(code: str, name: str, places: Mapping[str, Place]) -> tuple[Place | None, str, list[Note]]:
    """Return the municipality (None: the whole prefecture), the repaired code, and what was repaired.

    ``name`` is the column 市区町村名, ``places`` are the municipalities of this prefecture by name. Raises `CellRefused` where code and name
    contradict each other, or neither says where the event is.
    """
    by_code = {place.code: place for place in places.values()}
    named = _named(digits(name), places)
    candidates = _candidates(digits(code).replace(" ", ""))
    fitting = [each for each in candidates if each in by_code and named in (None, by_code[each])]
    contrary = [each for each in candidates if each in by_code and each not in fitting]
    prefecture = [each for each in candidates if each[2:5] == "000" and each[:2] in {known[:2] for known in by_code}]
    if not fitting and contrary:
        other = by_code[contrary[0]].name
        raise CellRefused(
            f"コード「{code}」は{other}ですが、市区町村名は「{name}」です", f"code {code!r} is {other}, but the name is {name!r}"
        )
    if found := next(iter(fitting or prefecture), None):
        return (by_code.get(found) or named), found, _repaired(code, found)
    if named and not candidates:
        return (
            named,
            named.code,
            [Note(f"コード「{code}」が読めないので、市区町村名から「{named.code}」としました", f"code from the name: {named.code}")],
        )
    raise CellRefused(
        f"コード「{code}」、市区町村名「{name}」は、この県の市町村ではありません",
        f"{code!r} {name!r} is no municipality of this prefecture",
    )


def _repaired(code: str, found: str) -> list[Note]:
    return [] if found == code.strip() else [Note(f"コード「{code}」を「{found}」としました", f"code {code!r} became {found!r}")]


def _named(name: str, places: Mapping[str, Place]) -> Place | None:
    """The municipality whose name stands at the end of ``name`` (a county may stand before it: 牡鹿郡女川町)."""
    return next((place for place in places.values() if name.endswith(place.name)), None)


def _candidates(code: str) -> list[str]:
    """Every code with a right check digit that ``code`` may have been before a zero at its head or its check digit was lost."""
    if not code.isascii() or not code.isdigit():
        return []
    padded = [code] if len(code) == 6 else [code.zfill(6)] if len(code) == 5 else []
    short = code if len(code) == 5 else code.zfill(5) if len(code) == 4 else ""
    return [each for each in padded if is_code(each)] + ([short + check_digit(short)] if short else [])
