"""Says what is wrong with a setting of ``publications.toml``, on the line of its key. Pydantic's own words are English, and know no lines."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import BaseModel

from plugins.frontmatter.model.publications_file import Feed, MailList, Publication, PublicationsFile, Site

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MODELS: dict[str, type[BaseModel]] = {"site": Site, "publications": Publication, "lists": MailList, "feeds": Feed}

_FORMS = {
    "string_type": ('引用符「"」で囲んだことばを書いてください', "write words between quotes"),
    "bool_type": ("true か false を書いてください", "write true or false"),
    "bool_parsing": ("true か false を書いてください", "write true or false"),
    "dict_type": ("「[名前]」で始まる表にしてください", "make it a table, which begins with [name]"),
    "model_type": ("「[名前]」で始まる表にしてください", "make it a table, which begins with [name]"),
    "tuple_type": ('["一つめ", "二つめ"] のような並びで書いてください', 'write a list such as ["one", "two"]'),
    "int_type": ("数を書いてください", "write a number"),
    "int_parsing": ("数を書いてください", "write a number"),
    "float_type": ("数を書いてください", "write a number"),
    "timezone_aware": ("2021-03-11T09:00:00+09:00 のように、時差まで書いてください", "write it with its offset: 2021-03-11T09:00:00+09:00"),
    "datetime_type": ("2021-03-11T09:00:00+09:00 の形で書いてください", "write it as 2021-03-11T09:00:00+09:00"),
    "datetime_parsing": ("2021-03-11T09:00:00+09:00 の形で書いてください", "write it as 2021-03-11T09:00:00+09:00"),
}
"""What to write, by the type of Pydantic's error."""

_PATTERNS = {
    "url": (
        "「https://」で始まり、終わりに「/」のないアドレスを書いてください",
        "write an address with https:// and without a slash at its end",
    ),
    "list_id": ("半角の英小文字、数字、ハイフン、ピリオドだけを使ってください", "use a-z, 0-9, hyphens and full stops only"),
}
_KEY = ("半角の英小文字、数字、ハイフンだけを使ってください", "use a-z, 0-9 and hyphens only")


def explain_settings(details: Sequence[ErrorDetails]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Yield the place of each error, and what is wrong, as Japanese and English with `` / `` between them. A misspelt key is not missing too."""
    meant = {(*detail["loc"][:-1], near) for detail in details if detail["type"] == "extra_forbidden" and (near := _near(detail["loc"]))}
    for detail in details:
        if not (detail["type"] == "missing" and detail["loc"] in meant):
            yield detail["loc"], " / ".join(_words(detail))


def _words(detail: ErrorDetails) -> tuple[str, str]:
    kind, place, context = detail["type"], detail["loc"], detail.get("ctx", {})
    if kind == "missing":
        return f"「{place[-1]}」がありません。書き足してください", f"{place[-1]!r} is missing: add it"
    if kind == "extra_forbidden":
        return _unknown(place)
    if kind == "literal_error":
        choices = str(context["expected"]).replace(" or ", ", ").replace("'", '"')
        return f"使えるのは {choices} です", f"use one of {choices}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(place[-1]), _KEY)
    if kind in ("string_too_long", "too_long"):
        return f"長すぎます（{context.get('max_length')}字まで）", f"too long: at most {context.get('max_length')}"
    if kind in _FORMS:
        return _FORMS[kind]
    message = detail["msg"].removeprefix("Value error, ")
    if "email" in message:
        return (
            f"「{str(detail['input'])[:60]}」はメールアドレスではありません。todoke@example.jp の形のメールアドレスを書いてください",
            f"{str(detail['input'])[:60]!r} is no mail address: write one such as todoke@example.jp",
        )
    ja, has_both, en = message.partition(" / ")
    return (ja, en) if has_both else ("この値は使えません。docs/reference/publications-toml.md の形で書いてください", message)


def _unknown(place: tuple[int | str, ...]) -> tuple[str, str]:
    if near := _near(place):
        return f"「{place[-1]}」という項目はありません。「{near}」ではありませんか", f"unknown key {place[-1]!r}: did you mean {near!r}?"
    known = "、".join(_known(place))
    return f"「{place[-1]}」という項目はありません。使えるのは {known} です", f"unknown key {place[-1]!r}: use one of {known}"


def _near(place: tuple[int | str, ...]) -> str | None:
    return next(iter(get_close_matches(str(place[-1]), list(_known(place)), n=1)), None)


def _known(place: tuple[int | str, ...]) -> Iterable[str]:
    model = PublicationsFile if len(place) == 1 else _MODELS.get(str(place[0]), PublicationsFile)
    return [field.alias or name for name, field in model.model_fields.items() if name != "key"]


def line_of_setting(text: str, place: tuple[int | str, ...]) -> int:
    """Return the line in ``text`` of the key at ``place``, or that of its table, or 1. tomllib keeps no line numbers, so they are searched for."""
    lines = text.splitlines()
    if len(place) > 2 and (inner := "[" + ".".join(map(str, place[:-1])) + "]") in (stripped := [line.strip() for line in lines]):
        at = stripped.index(inner)  # a table inside another, such as [site.situation.unknown_after]
        keys = itertools.takewhile(lambda number: not stripped[number].startswith("["), range(at + 1, len(lines)))
        return next((number for number in keys if _has_key(lines[number], place[-1])), at) + 1
    header = "[" + ".".join(map(str, place[:2])) + "]"
    table = next((number for number, line in enumerate(lines) if line.startswith((header, f"[{place[0]}]"))), None)
    if table is None:
        return next((number for number, line in enumerate(lines, 1) if _has_key(line, place[0])), 1)
    for number in range(table + 1, len(lines)):
        if lines[number].startswith("["):
            break
        if len(place) > 1 and any(_has_key(lines[number], key) for key in place[1:]):
            return number + 1
    return table + 1


def _has_key(line: str, key: int | str) -> bool:
    return re.match(rf"\s*[\"']?{re.escape(str(key))}[\"']?\s*=", line) is not None
