"""Turns Pydantic's errors into diagnostics that tell an editor what to write."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from plugins.control_characters import is_blank
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.header.keys import meant_key
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
    return Diagnostic(source.path, source.line_of(place), _ENTRY.sub(_entry_in_words, ja), en, _CODES.get(detail["type"], "F209"))


_ENTRY = re.compile(r"「([a-z_]+)\.([0-9]{1,4})(?:\.([^」.]+))?」")
"""An entry of a list, as Pydantic names it."""


def _entry_in_words(match: re.Match[str]) -> str:
    """Return 「figures」の1番目の「done」 for figures.0.done: nobody who writes articles counts from nought."""
    entry = f"「{match[1]}」の{int(match[2]) + 1}番目"
    return f"{entry}の「{match[3]}」" if match[3] else entry


def explain_all(source: Source, model: type[Meta], details: Sequence[ErrorDetails]) -> list[Diagnostic]:
    """Turn every error that ``model`` found in ``source`` into a `Diagnostic`. A key that is only misspelt is not told to be missing too."""
    known = list(model.model_fields)
    unknown = (str(detail["loc"][-1]) for detail in details if detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1)
    meant = {meant_key(key, known) for key in unknown}
    joined = {detail["loc"][:-1] for detail in details if _is_joined(detail)}
    return [
        explain(source, model, detail)
        for detail in details
        if not (detail["type"] == "missing" and (detail["loc"][-1] in meant or detail["loc"][:-1] in joined))
    ]


def _is_joined(detail: ErrorDetails) -> bool:
    """Tell whether an entry of a list holds a key with a full-width colon: ``{label：完成}``, whose keys are not missing."""
    return detail["type"] == "extra_forbidden" and len(detail["loc"]) > 1 and "：" in str(detail["loc"][-1])


def _messages(name: str, model: type[Meta], detail: ErrorDetails) -> tuple[str, str]:
    # The cases are the types of https://docs.pydantic.dev/latest/errors/validation_errors/ that the models can raise.
    context = detail.get("ctx", {})
    match detail["type"]:
        case "explained":
            return _explained(name, context)
        case "missing":
            return f"「{name}」がありません。書き足してください", f"{name!r} is missing: add it"
        case "extra_forbidden":
            return _unknown(name, model)
        case "string_type":
            return _no_text(name, detail["input"])
        case "string_too_short":
            return f"「{name}」が空です。内容を書いてください", f"{name!r} is empty: write something"
        case "string_too_long":
            return (
                f"「{name}」が長すぎます（{context['max_length']}文字まで）",
                f"{name!r} is too long: at most {context['max_length']} characters",
            )
        case "literal_error":
            return _no_choice(name, str(context["expected"]), str(detail["input"]))
        case "int_parsing" | "float_parsing" | "int_from_float" | "finite_number":
            return _no_number(name, str(detail["input"]))
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than":
            return _out_of_range(name, str(detail["input"]), context)
        case "model_type" | "dict_type":
            entry = _TABLES.get(name.partition(".")[0], _TABLES["figures"])
            return (
                f"「{name}」が読めません（{str(detail['input'])[:40]}）。並びの中は{entry}のように、半角の「:」で項目と内容を書いてください",
                f"{name!r}: write each entry as keys and values, with ASCII colons",
            )
        case "bool_parsing" | "bool_type":
            return f"「{name}」は true か false です", f"{name!r} is true or false"
        case "tuple_type" | "list_type":
            return _no_list(name, detail["input"])
        case "string_pattern_mismatch" if detail["loc"][:1] == ("attachments",):
            return f"「{name}」はPDFのファイルにしてください", f"{name!r} has to be a PDF file"
        case "string_pattern_mismatch":
            return (
                f"「{name}」には半角の英小文字、数字、ハイフンだけを使ってください",
                f"{name!r}: use a-z, 0-9 and hyphens only",
            )
        case _:
            return f"「{name}」が正しくありません（{detail['input']!r}）", f"{name}: {detail['msg']}"


def _explained(name: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Return the words of one of our own validators. They quote the value, so the number of an entry in a list (topics.0) says nothing more."""
    key = re.sub(r"\.\d+", "", name)
    return f"{key}：{context['ja']}" if key else str(context["ja"]), f"{name}: {context['en']}" if name else str(context["en"])


def _no_text(name: str, value: object) -> tuple[str, str]:
    """Say how a value is written that begins with a bracket and is no list: ``title: '[重要]'``."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        shown = "'[" + ", ".join(value).replace("'", "''") + "]'"
        return (
            f"「{name}」は、並びではなく、ことばで書いてください。括弧も題名などの字なら、{name}: {shown} と引用符で囲みます",
            f"{name!r} is text, not a list: if the brackets belong to it, write {name}: {shown}",
        )
    return f"「{name}」は、並びではなく、ことばで書いてください", f"{name!r} is text, not a list"


def _no_choice(name: str, expected: str, value: str) -> tuple[str, str]:
    choices = expected.replace(" or ", ", ").replace("'", "").split(", ")
    likely = next(iter(get_close_matches(value, choices, n=1)), "")
    hint_ja, hint_en = (f"。「{likely}」ではありませんか", f"; did you mean {likely}?") if likely else ("", "")
    return f"「{name}」に使えるのは {', '.join(choices)} です{hint_ja}", f"{name!r} must be one of {', '.join(choices)}{hint_en}"


def _no_number(name: str, value: str) -> tuple[str, str]:
    """Show the number that a text holds: ``1,234`` and ``１２３戸`` are none."""
    plain = unicodedata.normalize("NFKC", value)
    numbers = re.findall(r"[0-9]+(?:\.[0-9]+)?", re.sub(r"(?<=[0-9]),(?=[0-9]{3})", "", plain))
    if (era := re.match(r"(?:平成|令和|昭和|[HRS])[0-9元]", plain)) or len(numbers) != 1:
        example = "西暦の数字だけ" if era else "半角の数字だけ"
        return (
            f"「{name}」の「{value[:40]}」は数ではありません。{example}を書いてください",
            f"{name!r}: write a number alone, not {value[:40]!r}",
        )
    return (
        f"「{name}」の「{value[:40]}」は数だけではありません。半角の数字だけで「{numbers[0]}」と書いてください",
        f"{name!r}: write {numbers[0]} alone, without commas, units or words",
    )


def _out_of_range(name: str, value: str, context: Mapping[str, object]) -> tuple[str, str]:
    ja = {"ge": "以上", "gt": "より大きい数", "le": "以下", "lt": "より小さい数"}
    sign, bound = next((sign, context[sign]) for sign in ja if sign in context)
    swapped = "。緯度（latitude、38ほど）と経度（longitude、141ほど）が逆ではありませんか" if name in ("latitude", "longitude") else ""
    return (
        f"「{name}」の {value[:40]} は範囲の外です。{bound:g} {ja[sign]}で書いてください{swapped}",
        f"{name}: {value[:40]} is out of range ({sign} {bound:g})",
    )


_TABLES = {
    "figures": "「- label: 広さ」「  done: 1」「  total: 2」「  unit: ha」",
    "attachments": "「- file: ../../files/a.pdf」「  title: 資料の題」",
}
"""Lists of tables, with the lines of one entry."""


def _no_list(name: str, value: object) -> tuple[str, str]:
    """Show the list that a text was meant to be."""
    if name in _TABLES:
        return (
            f"「{name}」は、{_TABLES[name]}のような行の並びで書いてください",
            f"{name!r} is a list of tables, each of which begins with '- '",
        )
    if isinstance(value, str) and value.strip():
        signs = r"[、，,;；\n]" if name == "aliases" else r"[、，,;；/／\s]"
        words = [word.strip("'\"“”「」[]［］【】") for word in re.split(signs, value)]
        shown = f"{name}: [{', '.join(word for word in words if word)[:80]}]"
        return f"「{name}」は並びです。半角の括弧と「,」で、{shown} と書いてください", f"{name!r} is a list: write {shown}"
    return f"「{name}」は [石巻市, 女川町] のような並びで書いてください", f"{name!r} is a list such as [石巻市, 女川町]"


def _keys_at(name: str, model: type[Meta]) -> list[str]:
    """Return the keys that may stand where ``name`` stands: those of an entry for figures.0.label."""
    field = model.model_fields.get(name.partition(".")[0])
    entries = [each for each in get_args(field.annotation) if hasattr(each, "model_fields")] if field and "." in name else []
    return list(entries[0].model_fields if entries else model.model_fields)


def _unknown(name: str, model: type[Meta]) -> tuple[str, str]:
    if (last := name.rpartition(".")[2]).isdigit():
        return (
            f"「{last}」は項目の名前ではありません。「15,823」の「,」は区切りとして読まれます。数は「,」を入れずに「15823」のように書いてください",
            f"{last!r} is no key: a comma ends a value, so write 15823, not 15,823",
        )
    if "：" in last:
        key, _, value = last.partition("：")
        return (
            f"「{last}」の「：」が全角です。「{key}: {value}」のように、半角の「:」と半角の空白で書いてください",
            f"the colon is full-width: write '{key}: {value}'",
        )
    known = _keys_at(name, model)
    unseen = "".join(f"、見えない字 U+{ord(each):04X} があります" for each in name if is_blank(each) and not each.isspace())
    if similar := meant_key(last, known):
        return (
            f"「{name}」という項目はありません{unseen}。「{similar}」ではありませんか",
            f"unknown key {name!r}: did you mean {similar!r}?",
        )
    return f"「{name}」という項目はありません。使えるのは {'、'.join(known)} です", f"unknown key {name!r}: use one of {', '.join(known)}"
