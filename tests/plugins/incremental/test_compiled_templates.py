"""What the tests share between environments (`tests.samples.compiled_templates`) is only what is the same in both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined, TemplateAssertionError, UndefinedError, pass_environment
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment


def louder(text: str) -> str:
    return f"{text}!"


def quieter(text: str) -> str:
    return f"({text})"


def environment(shout: Callable[[str], str] = louder, **options: Any) -> Environment:
    environment = Environment(**options)
    environment.filters["shout"] = shout
    return environment


def test_environments_of_the_same_settings_share_the_code_of_a_text_wherever_its_file_is() -> None:
    one, other = (environment().compile("{{ 'a'|shout }} shared", "a.html", filename) for filename in ("one/a.html", "other/a.html"))
    assert one.co_consts is other.co_consts and (one.co_filename, other.co_filename) == ("one/a.html", "other/a.html")


def test_a_filter_that_the_compiler_does_not_call_may_be_another_function_and_is_the_one_that_renders() -> None:
    text = "{{ word|shout }} {{ 'a' is loud }}"
    texts, codes = [], []
    for shout in (louder, quieter, louder):
        made = environment(shout)
        made.tests["loud"] = str.isupper
        codes.append(made.compile(text).co_consts)
        texts.append(made.from_string(text).render(word="b"))
        assert made.filters["shout"] is shout and type(made.filters) is dict, "nothing of what was noted stays"
    assert texts == ["b! False", "(b) False", "b! False"] and codes[0] is codes[1] is codes[2]


def test_how_a_filter_is_called_and_whether_it_is_there_stay_those_of_each_environment() -> None:
    with_environment = Environment()
    with_environment.filters["shout"] = pass_environment(lambda _environment, text: f"of {text}")
    assert [each.from_string("{{ w|shout }}").render(w="a") for each in (environment(), with_environment)] == ["a!", "of a"]
    with pytest.raises(TemplateAssertionError):
        Environment().from_string("{{ w|shout }}")
    assert environment().from_string("{{ w|shout }}").render(w="a") == "a!"


def test_a_constant_is_written_by_the_policies_of_each_environment() -> None:
    one, other = environment(), environment()
    other.policies["json.dumps_kwargs"] = {"sort_keys": False, "indent": 1}
    assert one.from_string("{{ [1]|tojson }}").render() != other.from_string("{{ [1]|tojson }}").render()


def test_a_constant_is_worked_out_with_the_filter_of_each_environment() -> None:
    assert [environment(shout).from_string("{{ 'a'|shout }}").render() for shout in (louder, quieter, louder)] == ["a!", "(a)", "a!"]


def test_escaping_syntax_and_what_is_absent_stay_those_of_each_environment() -> None:
    text = "{{ '<' }}\n{% if true %}\n{{ word }}{% endif %}"
    plain, escaping = environment(), environment(autoescape=True)
    trimming, strict = environment(trim_blocks=True), environment(undefined=StrictUndefined)
    assert [each.from_string(text).render() for each in (plain, escaping, trimming)] == ["<\n\n", "&lt;\n\n", "<\n"]
    with pytest.raises(UndefinedError):
        strict.from_string(text).render()


def test_a_sandbox_never_runs_code_that_was_compiled_outside_of_one() -> None:
    text = "{{ ''.__class__.__mro__ }}"
    assert "object" in Environment().from_string(text).render()
    with pytest.raises(SecurityError):
        SandboxedEnvironment().from_string(text).render()


def test_an_expression_is_no_template_and_parsing_follows_the_syntax() -> None:
    assert Environment().compile_expression("1 + 1")() == 2
    dollar = environment(variable_start_string="$", variable_end_string="$")
    assert [each.from_string("$'a'|shout$").render() for each in (environment(), dollar)] == ["$'a'|shout$", "a!"]
