"""A template is rendered as Jinja renders it, with fewer copies of its variables."""

from __future__ import annotations

import traceback

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError

from plugins.incremental.template_call import render

TEMPLATES = {
    "base": "{% macro m() %}{{ site }}{{ place }}{% endmacro %}<{% block body %}{% endblock %}>{{ m() }}",
    "page": "{% extends 'base' %}{% import 'parts' as parts %}{% block body %}{{ title }}{{ lipsum is defined }}{{ parts.sign() }}{% include 'part' %}"
    "{{ super() }}{% endblock %}",
    "parts": "{% macro sign() %}{{ site }}{{ of_template|default('-') }}{{ title|default('none') }}{% endmacro %}",
    "part": "{% set title = 'set' %}[{{ title }}{{ of_template }}{{ place }}]",
    "broken": "line\n{{ title.missing.more }}",
}


def environment() -> Environment:
    made = Environment(loader=DictLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    made.globals["site"] = "届け"
    return made


@pytest.mark.parametrize("own", [{"title": "<題名>"}, {"title": "題名", "site": "own", "place": "own"}])
def test_a_page_with_includes_imports_and_blocks_comes_out_as_from_jinja(own: dict[str, str]) -> None:
    shared = {"title": "shared", "place": "仙台"}
    template = environment().get_template("page", globals={"of_template": "G"})
    assert render(template, shared, own) == template.render({**shared, **own})
    assert shared == {"title": "shared", "place": "仙台"}


def test_a_fault_is_told_with_the_line_of_its_template() -> None:
    with pytest.raises(UndefinedError) as raised:
        render(environment().get_template("broken"), {}, {"title": "題名"})
    assert [frame.lineno for frame in traceback.extract_tb(raised.tb) if frame.filename == "<template>"] == [2]
