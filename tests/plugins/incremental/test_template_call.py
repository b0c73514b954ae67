"""A template is rendered as Jinja renders it, with fewer copies of its variables."""

from __future__ import annotations

import traceback

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from jinja2.runtime import Context

from plugins.incremental.template_call import LayeredContext, render

TEMPLATES = {
    "base": "{% macro m() %}{{ site }}{{ place }}{% endmacro %}<{% block body %}{% endblock %}>{{ m() }}",
    "page": "{% extends 'base' %}{% import 'parts' as parts %}{% block body %}{{ title }}{{ lipsum is defined }}{{ parts.sign() }}{% include 'part' %}"
    "{{ super() }}{% endblock %}",
    "parts": "{% macro sign() %}{{ site }}{{ of_template|default('-') }}{{ title|default('none') }}{% endmacro %}",
    "part": "{% set title = 'set' %}[{{ title }}{{ of_template|default('-') }}{{ place }}]",
    "broken": "line\n{{ title.missing.more }}",
}


def environment(context_class: type[Context] = LayeredContext) -> Environment:
    made = Environment(loader=DictLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    made.globals["site"] = "届け"
    made.context_class = context_class
    return made


@pytest.mark.parametrize("of_template", [{}, {"of_template": "G"}])
@pytest.mark.parametrize("context_class", [Context, LayeredContext])
@pytest.mark.parametrize("own", [{"title": "<題名>"}, {"title": "題名", "site": "own", "place": "own"}])
def test_a_page_with_includes_imports_and_blocks_comes_out_as_from_jinja(
    own: dict[str, str], context_class: type[Context], of_template: dict[str, str]
) -> None:
    shared = {"title": "shared", "place": "仙台"}
    expected = environment(Context).get_template("page", globals=of_template).render({**shared, **own})
    assert render(environment(context_class).get_template("page", globals=of_template), shared, own) == expected
    assert shared == {"title": "shared", "place": "仙台"}


def test_a_fault_is_told_with_the_line_of_its_template() -> None:
    with pytest.raises(UndefinedError) as raised:
        render(environment().get_template("broken"), {}, {"title": "題名"})
    assert [frame.lineno for frame in traceback.extract_tb(raised.tb) if frame.filename == "<template>"] == [2]


def test_what_a_layer_holds_is_in_the_context_and_among_all_variables() -> None:
    context = LayeredContext(environment(), {"own": 1, "both": 1}, "page", {})
    context.layers = {"both": 2, "shared": 2}, {"shared": 3, "of the environment": 3}
    context.vars["set"] = 0
    expected = {"set": 0, "own": 1, "both": 1, "shared": 2, "of the environment": 3}
    assert context.get_all() == expected
    assert {name: context[name] for name in expected} == expected
    assert "shared" in context and "absent" not in context
