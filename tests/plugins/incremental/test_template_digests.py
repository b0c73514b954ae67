"""The digest of a template covers every template that it uses."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment

from plugins.incremental.template_digests import TemplateDigests

TEMPLATES = {
    "page.html": "{{ fragment('row.html', record=record) }}",
    "row.html": "{{ record.title }}{{ fragment('foot.html') }}",
    "foot.html": "{{ site }}",
}


def test_a_template_that_includes_another_by_a_variable_depends_on_every_template() -> None:
    def digests(**edited: str) -> TemplateDigests:
        templates = {"a.html": "{% include x %}", "b.html": "{% include 'c.html' %}", "c.html": "c", "d.html": "d"} | edited
        return TemplateDigests(Environment(autoescape=True, loader=DictLoader(templates)))

    before, after = digests(), digests(**{"d.html": "changed"})
    assert before.digest("a.html") != after.digest("a.html")
    assert before.digest("b.html") == after.digest("b.html") != before.digest("c.html")


@pytest.mark.parametrize("name", ["page.html", "row.html", "foot.html"])
def test_the_digest_of_a_template_covers_the_fragments_that_it_calls(name: str) -> None:
    def digest(templates: dict[str, str]) -> str:
        return TemplateDigests(Environment(autoescape=True, loader=DictLoader(templates))).digest("page.html")

    assert digest(TEMPLATES) != digest({**TEMPLATES, name: f"{TEMPLATES[name]}!"})


def test_a_fragment_named_by_a_variable_depends_on_every_template() -> None:
    def digest(other: str) -> str:
        templates = {"page.html": "{{ fragment(x) }}", "other.html": other}
        return TemplateDigests(Environment(autoescape=True, loader=DictLoader(templates))).digest("page.html")

    assert digest("前") != digest("後")
