"""An incremental build gives what a full build gives, byte for byte; and it touches only what depends on the change."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from jinja2 import DictLoader, Environment

from plugins.builder.options import MANIFEST, BuildOptions, BuildReport
from plugins.builder.run import build, verify
from plugins.diagnostics import ContentErrors
from plugins.digest import NoDigest, digest
from plugins.incremental.dependency_recorder import DependencyRecorder, record_reads
from plugins.incremental.invalidation import Invalidation
from plugins.incremental.manifest import Manifest, PageEntry
from plugins.incremental.template_digests import TemplateDigests
from tests.tiny import NOW, PUBLICATIONS, TinySite, make_site


@pytest.fixture
def ten(tiny: TinySite) -> TinySite:
    """Ten articles in ten months, built once."""
    for number in range(1, 11):
        tiny.article(f"press/2020/a{number}.md", f"第{number}話", f"2020-{number:02}-01")
    tiny.build()
    return tiny


def rendered(report: BuildReport) -> set[str]:
    return {name.removesuffix("index.html") for name in report.reasons}


def modified(site: TinySite) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in site.output.rglob("*") if path.is_file() and path.parent != site.output}


def test_no_change_renders_nothing_and_touches_no_file(ten: TinySite) -> None:
    before = modified(ten)
    report = ten.build()
    assert (report.rendered, report.written, report.removed) == (0, 0, 0)
    assert report.kept > 30
    assert modified(ten) == before


def test_a_word_in_a_body_renders_one_page(ten: TinySite) -> None:
    file = ten.content / "press/2020/a5.md"
    file.write_text(file.read_text(encoding="utf-8").replace("本文です。", "本文を直しました。"), encoding="utf-8")
    report = ten.build()
    assert rendered(report) == {"press/2020/05/a5/"}
    assert report.written < 40  # the page and its furigana, the four feeds that carry its body, its entry and its shards in the search


def test_a_new_article_renders_what_lists_it_and_its_neighbour(ten: TinySite) -> None:
    ten.article("press/2020/a11.md", "第11話", "2020-11-01")
    assert rendered(ten.build()) == {
        "",
        "press/",
        "press/2020/10/",
        "press/2020/10/a10/",
        "press/2020/11/",
        "press/2020/11/a11/",
        "places/ishinomaki/",
        "places/",
        "topics/housing/",
        "topics/",
        "search/",
        "search/titles/2020/",
        "accessibility/results/",
    }


def test_a_page_whose_file_was_altered_is_made_anew(ten: TinySite) -> None:
    page = ten.site / "press/2020/05/a5/index.html"
    page.unlink()
    page.write_text("<p>defaced</p>")
    report = ten.build()
    assert rendered(report) == {"press/2020/05/a5/"}
    assert "defaced" not in page.read_text(encoding="utf-8")
    assert "altered" in report.explain("/press/2020/05/a5/")


def test_the_explanation_names_what_changed(ten: TinySite) -> None:
    ten.article("press/2020/a5.md", "題を直した話", "2020-05-01")
    report = ten.build()
    assert "document:press/2020/a5.md" in report.explain("/press/2020/05/a5/")
    assert "前のまま" in report.explain("/press/2020/01/a1/")
    assert "no such page" in report.explain("/press/2020/01/nothing/")


def test_a_lost_manifest_costs_a_full_build_and_nothing_else(ten: TinySite) -> None:
    (ten.output / MANIFEST).write_text('{"format": 1, "pages": 3}')
    report = ten.build()
    assert (report.kept, report.written) == (0, 0)


PICTURE = """---
title: 絵のある話
date: 2020-05-05
---
本文です。

![海の色をした板](../../images/sea.png)
"""


class Edits(RuleBasedStateMachine):
    """Any sequence of edits: after each, what is there equals a full build."""

    @initialize()
    def lay_out(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.tiny = make_site(self.folder)
        self.now = NOW
        theme = self.folder / "theme"
        shutil.copytree("themes/miyagi", theme)
        self.settings = self.folder / "settings.py"
        self.settings.write_text(
            f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\nfrom pelicanconf import *\nTHEME = {str(theme)!r}\n"
        )
        for number in range(4):
            self.tiny.article(f"press/2020/a{number}.md", f"第{number}話", f"2020-0{number + 1}-01")
        self.tiny.image()
        self.tiny.write("press/2020/picture.md", PICTURE)
        self.tiny.write(
            "mail/press/1.md", "---\ntitle: 号\ndate: 2020-06-01\n---\nこんにちは。\n\n## 話題\n\n前書きです。\n\n::前号から press\n"
        )

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @property
    def order(self) -> BuildOptions:
        return BuildOptions(
            self.now, self.tiny.content, self.folder / "publications.toml", self.tiny.output, self.settings, validate_mail=False
        )

    def articles(self) -> list[Path]:
        return sorted(self.tiny.content.glob("press/*/a*.md"))

    @rule(
        number=st.integers(0, 9),
        month=st.integers(1, 12),
        topic=st.sampled_from(["住まい", "道路・交通"]),
        word=st.sampled_from(["春", "夏", "秋"]),
    )
    def write(self, number: int, month: int, topic: str, word: str) -> None:
        self.tiny.write(
            f"press/2020/a{number}.md",
            f"---\ntitle: 第{number}話（{word}）\ndate: 2020-{month:02}-0{number + 1 if number < 9 else 9}\ntopics: [{topic}]\n---\n{word}の話です。\n\n## 見出し\n\n本文です。\n",
        )

    @rule(number=st.integers(0, 3), word=st.sampled_from(["直した", "足した"]))
    def edit_body(self, number: int, word: str) -> None:
        for file in self.articles()[number : number + 1]:
            file.write_text(file.read_text(encoding="utf-8") + f"\n{word}段落。\n", encoding="utf-8")

    @rule(number=st.integers(0, 3))
    def delete(self, number: int) -> None:
        for file in self.articles()[2:][number : number + 1]:
            file.unlink()

    @rule(number=st.integers(0, 3))
    def expire(self, number: int) -> None:
        for file in self.articles()[number : number + 1]:
            file.write_text(
                file.read_text(encoding="utf-8")
                .replace("\n---\n", "\nexpires: 2021-04-01\n---\n", 1)
                .replace("\nexpires: 2021-04-01\nexpires", "\nexpires"),
                encoding="utf-8",
            )

    @rule(days=st.integers(1, 3))
    def let_time_pass(self, days: int) -> None:
        self.now += dt.timedelta(days=days)

    @rule(day=st.integers(1, 5))
    def announce(self, day: int) -> None:
        self.tiny.write(
            f"notices/2021/n{day}.md",
            f"---\ntitle: 通行止め{day}\ndate: 2021-03-30\nseverity: 注意\nexpires: 2021-04-0{day}\n---\n通れません。\n",
        )

    @rule(name=st.sampled_from(["復興プレス", "新しい名前"]))
    def rename_publication(self, name: str) -> None:
        (self.folder / "publications.toml").write_text(PUBLICATIONS.replace("復興プレス", name), encoding="utf-8")

    @rule(
        name=st.sampled_from(["base.html", "parts.html", "article.html", "pieces/row.html", "pieces/foot.html"]),
        mark=st.sampled_from(["一", "二"]),
    )
    def edit_template(self, name: str, mark: str) -> None:
        file = self.folder / "theme" / "templates" / name
        file.write_text(file.read_text(encoding="utf-8") + f"{{# {mark} #}}", encoding="utf-8")

    @rule(number=st.integers(0, 3), name=st.sampled_from(["moved", "again"]))
    def move(self, number: int, name: str) -> None:
        for file in self.articles()[1:][number : number + 1]:
            file.rename(file.with_name(f"{file.stem.split('-')[0]}-{name}.md"))

    @rule(number=st.integers(0, 3), other=st.integers(0, 3))
    def link(self, number: int, other: int) -> None:
        for file, to in zip(self.articles()[number : number + 1], self.articles()[other : other + 1], strict=False):
            file.write_text(f"{file.read_text(encoding='utf-8')}\n[次の話]({to.name})\n", encoding="utf-8")

    @rule(sample=st.booleans())
    def edit_settings(self, sample: bool) -> None:
        self.settings.write_text(f"{self.settings.read_text(encoding='utf-8')}\nFURIGANA = {sample}\n", encoding="utf-8")

    @rule(shade=st.integers(0, 3))
    def repaint(self, shade: int) -> None:
        self.tiny.image(shade=shade)

    @rule()
    def check_out_anew(self) -> None:
        """Another checkout: the same bytes, other times."""
        for file in self.tiny.content.rglob("*.*"):
            os.utime(file, (self.now.timestamp(), self.now.timestamp()))

    @rule(word=st.sampled_from(["朝", "夕"]))
    def import_partner(self, word: str) -> None:
        self.tiny.write(
            "partners/blog/2020/20200501-abc.md",
            f"---\ntitle: 浜の{word}\ndate: 2020-05-01 06:00\noriginal: https://blog.example.com/1\nauthor: 見本\nlicence: CC BY 4.0\nfeed: blog\n"
            f"entry_id: x:1\nfirst_seen: 2020-05-02\nhash: abc\n---\n<p>浜の{word}です。</p>\n",
        )

    @invariant()
    def equals_a_full_build(self) -> None:
        try:
            build(self.order)
        except ContentErrors as faults:  # a link to what was moved: the editor mends it
            for fault in faults.diagnostics:
                file = self.folder / fault.path
                file.write_text(re.sub(r"\n\[次の話\]\(.*\)\n", "", file.read_text(encoding="utf-8")), encoding="utf-8")
            build(self.order)
        assert verify(self.order, self.folder / "full") == []


Edits.TestCase.settings = settings(max_examples=6, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck))
TestEdits = Edits.TestCase


def test_a_value_of_unknown_make_is_volatile() -> None:
    with pytest.raises(NoDigest):
        digest([1, {"a": object()}])


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), (1, True), ([1, 2], [[1], 2]), ({"a": 1}, {"a": 2}), ("ab", ["a", "b"]), (None, "None")]
)
def test_different_values_have_different_digests(one: object, other: object) -> None:
    assert digest(one) != digest(other)


class Record:
    """Something with an identity."""

    def __init__(self, name: str, title: str, body: str) -> None:
        self.name = name
        self.title = title
        self.body = body

    @property
    def tracking_key(self) -> str:
        return self.name


def reads_of(template: str, **given: object) -> Manifest:
    environment, recorder, manifest = Environment(autoescape=True), DependencyRecorder(), Manifest("")
    record_reads(environment, recorder)
    recorder.begin(given, {})
    environment.from_string(template).render(given)
    reads, own = recorder.end()
    manifest.pages["page"] = PageEntry("", "", manifest.places(reads), own)
    return manifest


def changed(template: str, then: dict[str, object], today: dict[str, object]) -> bool:
    manifest = reads_of(template, **then)
    world = Invalidation(Environment(autoescape=True), DependencyRecorder(), today, manifest)
    return world.changed_reads(manifest.pages["page"], {}) is not None


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
    def world(body: str) -> dict[str, object]:
        a, b = Record("a", "題", body), Record("b", "題", "乙")
        return {"a": a, "list": [a, b], "all": {"a": a, "b": b}}

    assert changed(template, world("前"), world("後")) is is_changed
    assert not changed(template, world("前"), world("前"))


def test_a_new_member_changes_who_goes_through_the_list_only() -> None:
    a, b = Record("a", "題", "甲"), Record("b", "題", "乙")
    then: dict[str, object] = {"a": a, "list": [a], "all": {"a": a}}
    today: dict[str, object] = {"a": a, "list": [a, b], "all": {"a": a, "b": b}}
    assert changed("{% for x in list %}.{% endfor %}", then, today)
    assert changed("{{ all|length }}", then, today)
    assert not changed("{{ all['a'].title }}{{ a.body }}", then, today)


def test_a_template_that_names_another_by_a_variable_depends_on_all() -> None:
    def closures(**changed: str) -> TemplateDigests:
        templates = {"a.html": "{% include x %}", "b.html": "{% include 'c.html' %}", "c.html": "c", "d.html": "d"} | changed
        return TemplateDigests(Environment(autoescape=True, loader=DictLoader(templates)))

    before, after = closures(), closures(**{"d.html": "changed"})
    assert before.digest("a.html") != after.digest("a.html")
    assert before.digest("b.html") == after.digest("b.html") != before.digest("c.html")
