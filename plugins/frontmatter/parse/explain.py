"""Turns Pydantic's errors into diagnostics that tell an editor what to write."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.content_types import Meta

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from plugins.frontmatter.parse.source import Source


_CODES = {
    "missing": "F201",
    "extra_forbidden": "F202",
    "string_type": "F203",
    "tuple_type": "F203",
    "list_type": "F203",
    "bool_parsing": "F203",
    "bool_type": "F203",
    "literal_error": "F204",
    "string_too_short": "F205",
    "string_too_long": "F206",
    "string_pattern_mismatch": "F207",
    "explained": "F208",
}
"""Type of an error of Pydantic → code of the rule; every other type is F209."""


def explain(source: Source, model: type[Meta], detail: ErrorDetails) -> Diagnostic:
    """Turn one error that ``model`` found in ``source`` into a `Diagnostic` on the line that the editor has to change."""
    at = detail.get("ctx", {}).get("at")
    place = (*detail["loc"], at) if at else detail["loc"]
    ja, en = _messages(".".join(map(str, place)), model, detail)
    return Diagnostic(source.path, source.line_of(place), ja, en, _CODES.get(detail["type"], "F209"))


def _messages(name: str, model: type[Meta], detail: ErrorDetails) -> tuple[str, str]:
    # The cases are the types of https://docs.pydantic.dev/latest/errors/validation_errors/ that the models can raise.
    context = detail.get("ctx", {})
    match detail["type"]:
        case "explained":
            key = re.sub(
                r"\.\d+", "", name
            )  # the message quotes the value, so the number of an entry in a list (topics.0) says nothing more
            return f"{key}：{context['ja']}" if key else str(context["ja"]), f"{name}: {context['en']}" if name else str(context["en"])
        case "missing":
            return f"「{name}」がありません。書き足してください", f"{name!r} is missing: add it"
        case "extra_forbidden":
            return _unknown(name, model)
        case "string_type":
            return f"「{name}」は、並びではなく、ことばで書いてください", f"{name!r} is text, not a list"
        case "string_too_short":
            return f"「{name}」が空です。内容を書いてください", f"{name!r} is empty: write something"
        case "string_too_long":
            return (
                f"「{name}」が長すぎます（{context['max_length']}文字まで）",
                f"{name!r} is too long: at most {context['max_length']} characters",
            )
        case "literal_error":
            choices = str(context["expected"]).replace(" or ", ", ").replace("'", "")
            return f"「{name}」に使えるのは {choices} です", f"{name!r} must be one of {choices}"
        case "bool_parsing" | "bool_type":
            return f"「{name}」は true か false です", f"{name!r} is true or false"
        case "tuple_type" | "list_type":
            return f"「{name}」は [石巻市, 女川町] のような並びで書いてください", f"{name!r} is a list such as [石巻市, 女川町]"
        case "string_pattern_mismatch" if detail["loc"][:1] == ("attachments",):
            return f"「{name}」はPDFのファイルにしてください", f"{name!r} has to be a PDF file"
        case "string_pattern_mismatch":
            return (
                f"「{name}」には半角の英小文字、数字、ハイフンだけを使ってください",
                f"{name!r}: use a-z, 0-9 and hyphens only",
            )
        case _:
            return f"「{name}」が正しくありません（{detail['input']!r}）", f"{name}: {detail['msg']}"


def _unknown(name: str, model: type[Meta]) -> tuple[str, str]:
    known = list(model.model_fields)
    similar = get_close_matches(name, known, n=1)
    if similar:
        return f"「{name}」という項目はありません。「{similar[0]}」ではありませんか", f"unknown key {name!r}: did you mean {similar[0]!r}?"
    return f"「{name}」という項目はありません。使えるのは {'、'.join(known)} です", f"unknown key {name!r}: use one of {', '.join(known)}"
