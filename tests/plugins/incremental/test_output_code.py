"""What a template writes is escaped as MarkupSafe escapes it, whatever the value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment
from markupsafe import Markup, escape

from plugins.incremental.output_code import escape_output, use_in


class Badge:
    """Says itself how it is shown."""

    def __html__(self) -> str:
        return "<b>県</b>"


class Text(str):
    """A string of another type."""

    __slots__ = ()


def render(template: str, *, cheap: bool, autoescape: bool = True, **variables: Any) -> str:
    environment = Environment(loader=DictLoader({"page": template, "part": "[{{ value }}]"}), autoescape=autoescape)
    if cheap:
        use_in(environment)
    return environment.get_template("page").render(**variables)


VALUES = st.one_of(
    st.text(),
    st.text().map(Markup),
    st.text().map(Text),
    st.integers(),
    st.floats(),
    st.none(),
    st.lists(st.text()),
    st.just(Badge()),
)


@given(VALUES)
def test_every_value_is_written_as_markupsafe_escapes_it(value: object) -> None:
    assert str(escape_output(value)) == str(escape(value))


@pytest.mark.parametrize(
    "template",
    [
        "{{ value }}",
        "<p>{{ value }}{{ value|safe }}{{ value|e }}{{ value|upper }}{{ value ~ '<' }}</p>",
        "{% set x %}{{ value }}<i>{% endset %}{{ x }}",
        "{% macro m(v) %}<i>{{ v }}</i>{{ caller() }}{% endmacro %}{% call m(value) %}{{ value }}{% endcall %}",
        "{% filter upper %}<i>{{ value }}{% endfilter %}",
        "{% block a %}{{ value }}{% endblock %}{{ self.a() }}{% include 'part' %}",
        "{% autoescape false %}{{ value }}{% endautoescape %}{{ value }}",
        "{% autoescape off %}{{ value }}{% endautoescape %}",
        "{{ missing }}{% for v in [value] %}{{ loop.index }}{{ v }}{% endfor %}",
    ],
)
@pytest.mark.parametrize("value", ["<&\"'>", Markup("<b>&amp;</b>"), 3, None, Badge(), Text("<")])
@pytest.mark.parametrize("autoescape", [True, False])
def test_templates_come_out_as_with_jinjas_own_code(template: str, value: object, autoescape: bool) -> None:
    written = render(template, cheap=True, autoescape=autoescape, value=value, off=False)
    assert written == render(template, cheap=False, autoescape=autoescape, value=value, off=False)


def test_templates_go_through_the_cheaper_code() -> None:
    environment = Environment(autoescape=True)
    use_in(environment)
    assert "environment.escape_output(" in str(environment.compile("{{ value }}", raw=True))
