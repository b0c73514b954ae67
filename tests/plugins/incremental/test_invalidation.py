"""A page must be rendered exactly when one of its recorded reads has another value today."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from plugins.incremental.dependency_recorder import DependencyRecorder, record_environment
from plugins.incremental.invalidation import Invalidation
from plugins.incremental.manifest import Manifest, PageEntry


class Record:
    """A record, with its key in ``name``."""

    def __init__(self, name: str, title: str, body: str) -> None:
        self.name = name
        self.title = title
        self.body = body

    @property
    def tracking_key(self) -> str:
        return self.name


def manifest_of(template: str, **variables: object) -> Manifest:
    environment, recorder, manifest = Environment(autoescape=True), DependencyRecorder(), Manifest("")
    record_environment(environment, recorder)
    recorder.begin_page(variables, {})
    environment.from_string(template).render(variables)
    reads, own_digests = recorder.end_page()
    manifest.pages["page"] = PageEntry("", "", manifest.add_reads(reads), own_digests)
    return manifest


def is_changed_page(template: str, last_build: dict[str, object], today: dict[str, object]) -> bool:
    manifest = manifest_of(template, **last_build)
    invalidation = Invalidation(Environment(autoescape=True), DependencyRecorder(), today, manifest)
    return invalidation.changed_read(manifest.pages["page"], {}) is not None


@pytest.mark.parametrize(
    ("template", "is_changed"),
    [
        ("{{ a.title }}", False),
        ("{{ a.body }}", True),
        ("{{ all['a'].title }}", False),
        ("{{ all.get('a').body }}", True),
        ("{{ all['b'].body if 'b' in all }}", False),
        ("{% for x in list %}{{ x.title }}{% endfor %}", False),
        ("{% for x in list %}{{ x.body }}{% endfor %}", True),
        ("{{ list|map(attribute='body')|join }}", True),
        ("{{ list|map(attribute='title')|join }}", False),
        ("{% set x = a %}{% if x.body %}yes{% endif %}", True),
        ("{% macro m(x) %}{{ x.body }}{% endmacro %}{{ m(a) }}", True),
        ("{{ unknown_thing }}", False),
    ],
)
def test_a_page_depends_on_what_its_template_reads_and_on_nothing_else(template: str, is_changed: bool) -> None:
    def variables(body: str) -> dict[str, object]:
        a, b = Record("a", "題", body), Record("b", "題", "乙")
        return {"a": a, "list": [a, b], "all": {"a": a, "b": b}}

    assert is_changed_page(template, variables("前"), variables("後")) is is_changed
    assert not is_changed_page(template, variables("前"), variables("前"))


def test_a_new_member_changes_the_pages_that_loop_over_the_list_and_no_others() -> None:
    a, b = Record("a", "題", "甲"), Record("b", "題", "乙")
    last_build: dict[str, object] = {"a": a, "list": [a], "all": {"a": a}}
    today: dict[str, object] = {"a": a, "list": [a, b], "all": {"a": a, "b": b}}
    assert is_changed_page("{% for x in list %}.{% endfor %}", last_build, today)
    assert is_changed_page("{{ all|length }}", last_build, today)
    assert not is_changed_page("{{ all['a'].title }}{{ a.body }}", last_build, today)
