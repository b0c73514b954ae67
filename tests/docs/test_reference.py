"""Every command, option, setting, field, rule, state and metric is in the generated references, and everything described there exists.

The commands and models are walked here by other means than in `docs.generate`, so that a fault of the generator is found as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
import typer
from markdown_it import MarkdownIt
from pydantic import BaseModel

import mailer.bundle
import mailer.config.file
import mailer.secrets
import todoke
from docs.generate.run import mailer_settings, pages, publications_settings
from docs.generate.settings import Setting
from docs.generate.texts import read_texts
from mailer.model.state import TRANSITIONS
from plugins.checks.rules.catalogue import RULES
from plugins.frontmatter.model import publications_file
from plugins.frontmatter.model.content_types import CONTENT_TYPES
from plugins.partners.model import config as partners

REFERENCE = Path("docs/reference")


@cache
def generated() -> dict[str, str]:
    """The pages of the reference by their names."""
    return dict(pages())


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Walk Typer's own dictionaries of commands."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
    else:
        for word, each in below.items():
            yield from leaves(each, f"{name} {word}")


COMMANDS = dict(leaves(typer.main.get_command(todoke.app), "todoke"))


def section(page: str, title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title!r}"
    return found[1]


def models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in get_args(annotation) for model in models_in(each)]


def is_table(annotation: object) -> bool:
    return getattr(annotation, "__origin__", None) is dict


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Walk the fields of the classes; what `docs.generate` reads is their JSON schema."""
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        if is_table(field.annotation):
            key += ".<name>"
        below = models_in(field.annotation)
        yield from (found for each in below for found in keys(each, key + ".")) if below else [key]
    if model.model_config.get("extra") == "allow":
        yield f"{prefix}<name>"


def file_models(module: ModuleType) -> type[BaseModel]:
    return max(
        (each for each in vars(module).values() if isinstance(each, type) and issubclass(each, BaseModel)),
        key=lambda each: len(list(keys(each))),
    )


def setting_keys(model: type[BaseModel]) -> set[str]:
    return {key for key in keys(model) if not re.fullmatch(r"\w+\.<name>\.key", key)}


MAILER_KEYS = setting_keys(file_models(mailer.config.file))
PUBLICATIONS_KEYS = setting_keys(file_models(publications_file)) | {
    key for key in setting_keys(file_models(partners)) if key.startswith("feeds.")
}


def content_type_keys() -> set[str]:
    types = CONTENT_TYPES
    assert len(types) >= 10
    common = {"title", "date", "kind"} | set.intersection(*(set(keys(model)) for model in types.values()))
    own = {f"{name}.{key}" for name, model in types.items() for key in keys(model) if key not in common}
    required = {
        f"{name}.{key}"
        for name, model in types.items()
        for key in common - {"title", "date", "kind"}
        if model.model_fields[key].is_required()
    }
    return common | own | required


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_listed_with_its_help_and_every_argument_and_option(name: str) -> None:
    text = section(generated()["commands.md"], name)
    everywhere = section(generated()["commands.md"], "todoke")
    assert len(text.split("\n\n")[0].split()) > 2, "a command without help"
    for parameter in (one for one in COMMANDS[name].params if not getattr(one, "hidden", False)):
        names = (
            [*parameter.opts, *parameter.secondary_opts] if parameter.param_type_name == "option" else [parameter.metavar or parameter.name]
        )
        for each in names:
            row = next((line for line in (text + everywhere).splitlines() if f"`{each}`" in line.replace("\\|", "|").split(" | ")[0]), None)
            assert row, f"{each} is not listed"
            assert row.rstrip(" |").split("|")[-1].strip(), f"{each} has no help"


def described(page: str) -> set[str]:
    """The keys whose models say in English what they mean."""
    rows = {"mailer": mailer_settings, "publications": publications_settings}.get(page, list[Setting])()
    return {row.key for row in rows if row.description}


@pytest.mark.parametrize(
    ("page", "expected"), [("mailer", MAILER_KEYS), ("publications", PUBLICATIONS_KEYS), ("front_matter", content_type_keys())]
)
def test_each_key_of_the_models_has_a_text_or_a_description_and_each_text_a_key(page: str, expected: set[str]) -> None:
    texts = set(read_texts(page))
    assert sorted(expected - texts - described(page)) == [], f"describe these keys in docs/generate/texts/{page}.toml"
    assert sorted(texts - expected) == [], f"no model knows these keys any more: take them out of docs/generate/texts/{page}.toml"


@pytest.mark.parametrize(("page", "expected"), [("mailer-toml.md", MAILER_KEYS), ("publications-toml.md", PUBLICATIONS_KEYS)])
def test_each_setting_is_listed_under_its_table_with_its_meaning(page: str, expected: set[str]) -> None:
    assert len(expected) > 20
    for key in expected:
        table, _, name = key.rpartition(".")
        text = section(generated()[page], f"`[{table}]`" if table else "Without a table / 表の外")
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert "not described" not in row, key


def test_bounds_choices_and_defaults_of_settings_are_those_of_the_model() -> None:
    page = generated()["mailer-toml.md"]
    assert "| `port` | whole number from 1 to 65535 | `25` |" in page
    assert "| `tls` | `none` `opportunistic` `required` `implicit` | `required` |" in page
    assert "| `service_url` | text | required<br>必須 |" in page


def test_each_field_of_front_matter_is_listed_under_its_content_type() -> None:
    page = generated()["front-matter.md"]
    common = section(page, "どの種類にも書けること")
    for key in content_type_keys():
        name, dot, rest = key.partition(".")
        text = next(found for found in re.findall(rf"^## {name}（.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)) if dot else common
        assert f"| `{rest or name}` |" in text, key
    assert "(not described)" not in page


def test_each_rule_is_shown_with_its_reason_and_both_examples_though_they_speak_of_markdown() -> None:
    page = MarkdownIt("commonmark").enable("table").parse(generated()["rules.md"])
    shown = [each.content if each.type == "fence" else "".join(part.content for part in each.children or ()) for each in page]
    for code, rule in RULES.items():
        assert code in shown and rule.ja in shown  # two cells of the table
        at = shown.index(f"{code} {rule.ja}")
        texts = (rule.why_ja, f"{rule.en}: {rule.why_en}", f"もと：{rule.source}", f"{rule.bad}\n", f"{rule.good}\n")
        assert [text for text in shown[at + 1 : at + 20] if text in texts] == list(texts)


def test_the_diagram_of_states_has_the_arrows_of_the_table_of_transitions_and_no_others() -> None:
    drawn = set(re.findall(r'^  "(\w+)" -> "(\w+)"$', generated()["delivery-states.dot"], re.MULTILINE))
    assert drawn == {(old.value, new.value) for old, targets in TRANSITIONS.items() for new in targets}


def test_each_state_is_explained_and_nothing_is_explained_that_is_no_state() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", (REFERENCE / "states.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(explained) == sorted(state.value for state in TRANSITIONS)


def test_each_key_of_a_bundle_is_explained() -> None:
    text = (REFERENCE / "bundle.md").read_text(encoding="utf-8")
    models = [each for each in vars(mailer.bundle).values() if isinstance(each, type) and issubclass(each, BaseModel) and each.model_fields]
    names = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert names > {"schema", "sha256", "charset"}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_each_variable_that_holds_a_secret_is_explained() -> None:
    text = (REFERENCE / "environment.md").read_text(encoding="utf-8")
    variables = [value for name, value in vars(mailer.secrets).items() if name.endswith("_VARIABLE")]
    assert len(variables) >= 3
    assert [name for name in variables if f"`{name}`" not in text] == []


def test_each_metric_that_a_page_names_is_one_that_the_mailer_exposes() -> None:
    exposed = set(re.findall(r"`(todoke_\w+)`", generated()["metrics.md"]))
    named = {name for page in Path("docs/how-to").glob("*.md") for name in re.findall(r"\btodoke_\w+", page.read_text(encoding="utf-8"))}
    assert named
    assert sorted(named - exposed) == []
