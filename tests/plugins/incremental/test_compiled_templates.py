"""What the tests share between environments (`tests.samples.compiled_templates`) is only what is the same in both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined, UndefinedError
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


def test_environments_of_the_same_settings_share_the_code_of_a_text() -> None:
    assert environment().compile("{{ 'a'|shout }} shared") is environment().compile("{{ 'a'|shout }} shared")


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
