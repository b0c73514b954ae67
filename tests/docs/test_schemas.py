"""The JSON Schemas in ``schemas/`` are those of the models, take every file of the sample, and refuse what the models refuse."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from docs.generate.schemas import FOLDER, schemas
from plugins.frontmatter.model.content.date_keys import date_keys
from plugins.frontmatter.model.content_types import CONTENT_TYPES
from plugins.frontmatter.parse.source import find_sources

CONTENT = Path("content")
GOOD = {"title": "題", "date": "2015-03-21"}


class EditorsYaml(yaml.SafeLoader):
    """Reads YAML 1.2 as editors do (core schema, 10.3.2): a day and 4:30 are texts."""


EditorsYaml.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^-?[0-9]+$", "-0123456789"),
    ("float", r"^-?[0-9]+\.[0-9]+$", "-0123456789"),
):
    EditorsYaml.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


@cache
def validator(name: str) -> Draft202012Validator:
    written = {str(file.relative_to(FOLDER)): json.loads(file.read_text(encoding="utf-8")) for file in FOLDER.rglob("*.json")}
    resources = [(path, Resource.from_contents(schema)) for path, schema in written.items()]
    Draft202012Validator.check_schema(written[name])
    return Draft202012Validator(written[name], registry=Registry().with_resources(resources))


def refused(name: str, value: object) -> list[str]:
    return [error.message for error in validator(name).iter_errors(value)]


def test_the_committed_schemas_are_those_of_the_models() -> None:
    """If not: ``python -m docs.generate.schemas``."""
    assert {str(file.relative_to(FOLDER)): file.read_text(encoding="utf-8") for file in FOLDER.rglob("*.json")} == dict(schemas())


def test_every_source_of_the_sample_holds() -> None:
    for path in find_sources(CONTENT):
        header = (CONTENT / path).read_text(encoding="utf-8").split("---\n")[1]
        assert refused("front-matter.schema.json", yaml.load(header, EditorsYaml)) == [], path


@pytest.mark.parametrize(("name", "file"), [("publications.schema.json", "publications.toml"), ("mailer.schema.json", "mailer.toml")])
def test_the_settings_of_the_sample_hold_and_a_misspelt_key_does_not(name: str, file: str) -> None:
    settings: dict[str, Any] = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    assert refused(name, settings) == []
    assert refused(name, settings | {"sitte": {}})


@pytest.mark.parametrize(
    "change",
    [{"titel": "題"}, {"date": "2015/3/21"}, {"date": "令和3年3月11日"}, {"municipalities": "石巻市"}, {"municipalities": ["石巻"]}, {"topics": ["すまい"]}, {"draft": "はい"}, {"slug": "石巻"}],
)  # fmt: skip
def test_what_the_models_refuse_is_marked_while_somebody_writes(change: dict[str, object]) -> None:
    assert refused("front-matter/article.schema.json", GOOD) == []
    assert refused("front-matter/article.schema.json", GOOD | change)
    assert refused("front-matter.schema.json", GOOD | change | {"kind": "article"})


def test_every_type_has_its_keys_with_hints_and_the_form_of_its_dates() -> None:
    for kind, model in CONTENT_TYPES.items():
        schema = validator(f"front-matter/{kind}.schema.json").schema
        properties = schema["properties"]
        assert {*properties} == {*model.model_fields, "kind"}
        assert not [name for name in date_keys() & properties.keys() if "pattern" not in properties[name]]
        hinted = [name for name in properties if re.search("[ぁ-ん一-龠]", properties[name].get("description", ""))]
        assert kind == "partner" or len(hinted) > len(properties) * 3 // 4, kind
