"""The references of ``mailer.toml`` and ``publications.toml``, from the JSON schema of the Pydantic models that check the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from docs.generate.tables import code, table
from docs.generate.texts import MISSING, Text

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """One key that a file may have. ``<name>`` in ``key`` stands for a name that the writer of the file chooses; ``description`` is the model's own."""

    key: str
    value: str
    default: str
    is_required: bool
    description: str = ""


def root_model(module: ModuleType) -> type[BaseModel]:
    """Return the model of a whole file: the one in ``module`` that has fields and that no other model there contains."""
    models = {name: each for name, each in vars(module).items() if isinstance(each, type) and issubclass(each, BaseModel)}
    own = [each for each in models.values() if each.__module__ == module.__name__ and each.model_fields]
    (root,) = [each for each in own if not any(each.__name__ in other.model_json_schema().get("$defs", {}) for other in own)]
    return root


def settings(model: type[BaseModel]) -> list[Setting]:
    """Return every key that ``model`` accepts, tables walked in the order of the model."""
    schema = model.model_json_schema(by_alias=True)
    return list(_walk(schema, schema.get("$defs", {}), ""))


def _walk(schema: Schema, models: Schema, prefix: str) -> Iterator[Setting]:
    required = schema.get("required", ())
    for name, written in schema["properties"].items():
        if name == "key" and prefix:  # the name of the table, which the reader of the file adds
            continue
        below, key = _resolve(written, models), prefix + name
        inner, key = _inner(below, models, key)
        if "properties" in inner:
            yield from _walk(inner, models, key + ".")
        else:
            yield Setting(key, value_of(inner), _default(written), name in required, written.get("description", ""))
    further = schema.get("additionalProperties")
    if isinstance(further, Mapping):  # a table with keys of its own and others that the writer of the file chooses
        yield Setting(f"{prefix}<name>", value_of(_resolve(further, models)), "", False)


def _inner(schema: Schema, models: Schema, key: str) -> tuple[Schema, str]:
    """Return what a table of tables, or a list of tables, holds: its key has a further part, or is the same."""
    if schema.get("type") == "object" and "properties" not in schema:
        (value,) = (schema.get("patternProperties") or {"": schema.get("additionalProperties")}).values()
        return (_resolve(value, models) if isinstance(value, Mapping) else {}), f"{key}.<name>"
    if schema.get("type") == "array" and "properties" in (inner := _resolve(schema["items"], models)):
        return inner, key
    return schema, key


def _resolve(schema: Schema, models: Schema) -> Schema:
    """Follow a reference, and take a value that may be absent for the value itself."""
    choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(choices) == 1:
        schema = choices[0]
    return models[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


_NAMES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`", "array": "list"}


def value_of(schema: Schema) -> str:
    """Return what may be written for a value: its type with its bounds, or the words to choose from."""
    if "enum" in schema:
        return " ".join(code(str(each)) for each in schema["enum"])
    if "const" in schema:
        return code(str(schema["const"]))
    if schema.get("type") == "array":
        return f"list of {value_of(schema['items'])}"
    name = "e-mail address" if schema.get("format") == "email" else _NAMES.get(schema.get("type", ""), "text")
    return " ".join((name, *_limits(schema)))


def _limits(schema: Schema) -> Iterator[str]:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below", "maxLength": "of at most"}
    for key, word in words.items():
        if key in schema:
            yield f"{word} {schema[key]:g}{' characters' if key == 'maxLength' else ''}"


def _default(schema: Schema) -> str:
    value = schema.get("default")
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, (str, int)) else ""


def settings_page(rows: Sequence[Setting], texts: Mapping[str, Text]) -> str:
    """Return Markdown: one table for each table of the file."""
    tables: dict[str, list[Setting]] = {}
    for row in rows:
        tables.setdefault(row.key.rpartition(".")[0], []).append(row)
    return "\n".join(_table(name, rows, texts) for name, rows in tables.items())


def _table(name: str, rows: Sequence[Setting], texts: Mapping[str, Text]) -> str:
    header = ("key / 項目", "value / 値", "default / 省いたとき", "meaning / 意味")
    title = f"## `[{name}]`\n\n" if name else "## Without a table / 表の外\n\n"
    return title + table(header, (_row(row, texts) for row in rows))


def text_of(row: Setting, texts: Mapping[str, Text]) -> Text:
    """Return the meaning of a key: from ``texts``, or else the description that stands in the model."""
    return texts.get(row.key) or (Text(en=row.description) if row.description else MISSING)


def _row(row: Setting, texts: Mapping[str, Text]) -> tuple[str, str, str, str]:
    default = "required<br>必須" if row.is_required else code(row.default)
    return code(row.key.rpartition(".")[2]), row.value, default, str(text_of(row, texts))
