"""JSON Schema (draft 2020-12) of front matter, ``publications.toml`` and ``mailer.toml``, for completion and hints in editors.

``python -m docs.generate.schemas`` writes them into ``schemas/``; a test compares. They are made of the models that check the files, with the texts of
the references as hints, and the words of the checkout's own ``publications.toml`` to choose from. An editor that knows them shows a mistake while
somebody writes; `todoke check` stays the judge.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, BeforeValidator

import mailer.config.file
from docs.generate.settings import root_model
from docs.generate.texts import Text, read_texts
from plugins.frontmatter.model import publications_file
from plugins.frontmatter.model.content.date_keys import date_keys
from plugins.frontmatter.model.content_types import CONTENT_TYPES
from plugins.frontmatter.model.fields import MOMENT_PATTERN
from plugins.frontmatter.model.notices import ONE_OR_SEVERAL
from plugins.frontmatter.model.places import PATH as MUNICIPALITIES
from plugins.frontmatter.model.registry import Registry, read_registry

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schemas() -> Iterator[tuple[str, str]]:
    """Yield the name below `FOLDER` and the text of every schema."""
    registry = read_registry(ROOT / "publications.toml", ROOT / "content" / MUNICIPALITIES)
    texts = read_texts("front_matter")
    for kind in CONTENT_TYPES:
        yield f"front-matter/{kind}.schema.json", _text(front_matter(kind, registry, texts))
    yield "front-matter.schema.json", _text(any_front_matter(registry))
    yield "publications.schema.json", _text(settings_schema(root_model(publications_file), read_texts("publications"), "publications.toml"))
    yield "mailer.schema.json", _text(settings_schema(root_model(mailer.config.file), read_texts("mailer"), "mailer.toml"))


def front_matter(kind: str, registry: Registry, texts: Mapping[str, Text]) -> Schema:
    """Return the schema of the front matter of one content type."""
    model = CONTENT_TYPES[kind]
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    definitions |= {
        "Place": {"type": "string", "enum": list(registry.places), "description": "市町村の正式な名前"},
        "Topic": {"type": "string", "enum": list(registry.topics), "description": "テーマ"},
    }
    properties = {name: _field(name, field, model) for name, field in schema["properties"].items()}
    properties["publication"] = {"enum": list(registry.publications)}
    properties["kind"] = {"const": kind}
    for name, field in properties.items():
        if hint := texts.get(f"{kind}.{name}") or texts.get(name):
            field["description"] = _plain(hint)
    if "Phone" in definitions:
        definitions["Phone"] = {"anyOf": [{"type": "string", "examples": ["危機対策課 022-211-0000"]}, definitions["Phone"]]}
    used = {
        name: _loose(definition) for name, definition in definitions.items() if f'"#/$defs/{name}"' in json.dumps([properties, definitions])
    }
    head = {"$schema": DIALECT, "title": f"{kind}（{model.word}）", "type": "object", "additionalProperties": False}
    return head | {"required": schema.get("required", []), "properties": properties} | ({"$defs": used} if used else {})


def any_front_matter(registry: Registry) -> Schema:
    """Return the schema of any source: the one that its ``kind`` names, or else any, for the folder decides what editors need not write."""
    branches = [
        {"if": {"required": ["kind"], "properties": {"kind": {"const": kind}}}, "then": {"$ref": f"front-matter/{kind}.schema.json"}}
        for kind in CONTENT_TYPES
    ]
    without = {
        "if": {"not": {"required": ["kind"]}},
        "then": {"anyOf": [{"$ref": f"front-matter/{kind}.schema.json"} for kind in CONTENT_TYPES]},
    }
    return {"$schema": DIALECT, "title": registry.site.title, "type": "object", "allOf": [*branches, without]}


def settings_schema(model: type[BaseModel], texts: Mapping[str, Text], name: str) -> Schema:
    """Return the schema of a file of settings."""
    schema = model.model_json_schema(by_alias=True)
    for field in schema["properties"].values():
        if field.get("type") == "array" and "$ref" in field["items"]:  # [relay] or [[relay]]
            field["anyOf"] = [{"type": field.pop("type"), "items": field["items"]}, field.pop("items")]
    hinted: Schema = _hinted(schema, schema.get("$defs", {}), texts, "")
    return {"$schema": DIALECT, **hinted, "title": name}


def _hinted(schema: Schema, models: Schema, texts: Mapping[str, Text], prefix: str) -> Schema:
    """Put the texts of the reference beside the keys. The reader of the file adds ``key``; nobody writes it."""
    for name, field in schema.get("properties", {}).items():
        if hint := texts.get(prefix + name):
            field["description"] = _plain(hint)
        for below, key in _below(field, models, f"{prefix}{name}."):
            _hinted(below, models, texts, key)
    if prefix:
        schema.get("properties", {}).pop("key", None)
        schema["required"] = [name for name in schema.get("required", []) if name != "key"]
    return schema


def _below(field: Schema, models: Schema, prefix: str) -> Iterator[tuple[Schema, str]]:
    """Yield the tables that a key holds, with the beginning of their own keys."""
    for each in (field, *field.get("anyOf", ())):
        if reference := each.get("$ref"):
            yield models[reference.rpartition("/")[2]], prefix
        named = (*(each.get("patternProperties") or {}).values(), each.get("additionalProperties"))
        for value in named:
            if isinstance(value, dict) and "$ref" in value:
                yield models[value["$ref"].rpartition("/")[2]], f"{prefix}<name>."


def _may_be_one(name: str, model: type[BaseModel]) -> bool:
    """Tell whether a list may be written as its only entry."""
    field = model.model_fields[name]
    annotations = (*field.metadata, *(each for part in get_args(field.annotation) for each in get_args(part)))
    return any(isinstance(each, BeforeValidator) and each.func in ONE_OR_SEVERAL for each in annotations)


def _field(name: str, field: Schema, model: type[BaseModel]) -> Schema:
    """Return the schema of a value as an editor of YAML sees it: a day is a text, and a title of digits is a number."""
    if name in date_keys():
        return {"type": "string", "pattern": f"^(?:{MOMENT_PATTERN})$", "examples": ["2015-03-21", "2015-03-21 10:00"]}
    loose = _loose(field)
    choices = [choice for choice in loose.pop("anyOf", ()) if choice.get("type") != "null"]
    whole: Schema = {**loose, **choices[0]} if len(choices) == 1 else {**loose, **({"anyOf": choices} if choices else {})}
    return {"anyOf": [whole, whole["items"]]} if whole.get("type") == "array" and _may_be_one(name, model) else whole


def _loose(value: Any) -> Any:
    if isinstance(value, list):
        return [_loose(each) for each in value]
    if not isinstance(value, dict):
        return value
    loose = {key: _loose(each) for key, each in value.items() if key not in ("title", "default") or isinstance(each, dict)}
    if loose.get("type") == "string" and not {"enum", "const", "pattern", "format"} & loose.keys():
        loose["type"] = ["string", "number", "boolean"]
    if loose.get("format") in ("date-time", "date"):
        return {"type": "string", "pattern": f"^(?:{MOMENT_PATTERN})$"}
    return loose


def _plain(text: Text) -> str:
    return str(text).replace("<br>", "\n").replace("`", "")


def _text(schema: Schema) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    """Write every schema into `FOLDER`."""
    for name, text in schemas():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
