"""A fragment is rendered once for the same arguments, and every page that shows it depends on all that it read."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from plugins.builder.options import BuildOptions, BuildReport
from plugins.builder.run import build
from plugins.clock import ALWAYS, TrackedClock
from plugins.incremental.dependency_recorder import DependencyRecorder, record_environment
from plugins.incremental.fragment_cache import FRAGMENT, FragmentCache
from tests.samples.tiny import NOW, TinySite

TEMPLATES = {
    "page.html": "{{ fragment('row.html', record=record) }}{{ own }}",
    "row.html": "{{ record.title }}{{ fragment('foot.html') }}{{ 'over' if end <= now }}",
    "foot.html": "{{ site }}",
}


class Record:
    """A record that counts how often its title is read."""

    tracking_key = "record:a"

    def __init__(self) -> None:
        self.times_read = 0

    @property
    def title(self) -> str:
        self.times_read += 1
        return "題"


class Pages:
    """Renders pages of one build."""

    def __init__(self) -> None:
        self.recorder, self.clock, self.side_files = DependencyRecorder(), TrackedClock.at(NOW), list[str]()
        self.environment = Environment(autoescape=True, loader=DictLoader(TEMPLATES))
        self.shared = {"site": "とどけ", "now": self.clock, "end": NOW + dt.timedelta(days=1)}
        record_environment(self.environment, self.recorder)
        self.environment.globals[FRAGMENT] = FragmentCache(self.environment, self.shared, self)

    def render(self, record: Record, own: str) -> tuple[str, set[tuple[str, str]], bool]:
        """Return the page, its reads, and whether it is right at every moment."""
        variables = {"record": record, "own": own}
        self.recorder.begin_page(self.shared, variables)
        with self.clock.separate_interval() as interval:
            text = self.environment.get_template("page.html").render({**self.shared, **variables})
            validity = interval()
        return text, set(self.recorder.end_page()[0]), validity == ALWAYS


def test_a_fragment_is_rendered_once_and_its_reads_and_its_interval_count_for_every_page() -> None:
    pages, record = Pages(), Record()
    first, second = pages.render(record, "一"), pages.render(record, "二")
    assert record.times_read == 1
    assert (first[0], second[0]) == ("題とどけ一", "題とどけ二")
    assert first[1] == second[1] >= {("record:a", "title"), ("name:", "site"), ("name:", "end")}
    assert not first[2]
    assert not second[2]


class Leaf(Record):
    """A record that leads to no other, as a document."""

    tracking_leaf = True


@pytest.mark.parametrize("how", ["'短く'", "true", "false", "2", "none"])
def test_the_next_build_has_what_was_made_of_a_document_until_that_changes(how: str) -> None:
    pages, record = Pages(), Leaf()
    page = f"{{{{ fragment('row.html', record=record, how={how}) }}}}"
    pages.environment.loader = DictLoader({"page.html": page, "row.html": "{{ record.title }}{{ how }}"})
    first, fragments = pages.render(record, "一"), pages.environment.globals[FRAGMENT]
    assert isinstance(fragments, FragmentCache)
    fragments.go_on(pages.shared, pages, set())
    assert pages.render(record, "一") == first and record.times_read == 1
    fragments.go_on(pages.shared, pages, {("record:a", "title")})
    assert pages.render(record, "一") == first and record.times_read == 2


def test_other_arguments_make_another_fragment() -> None:
    pages, first, second = Pages(), Record(), Record()
    pages.render(first, "一")
    pages.render(second, "二")
    assert (first.times_read, second.times_read) == (1, 1)


def test_a_fragment_does_not_see_the_variables_of_the_page_that_shows_it() -> None:
    pages = Pages()
    pages.environment.loader = DictLoader({**TEMPLATES, "row.html": "{{ own }}"})
    assert pages.render(Record(), "一")[0] == "一"  # from the page itself; the row shows nothing


def test_an_edit_of_the_fragment_of_a_row_renders_the_lists_and_no_page_without_rows(tiny: TinySite, tmp_path: Path) -> None:
    theme, settings = tmp_path / "theme", tmp_path / "settings.py"
    shutil.copytree("themes/miyagi", theme)
    settings.write_text(f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\nfrom pelicanconf import *\nTHEME = {str(theme)!r}\n")
    tiny.article("press/2020/a1.md", "第1話", "2020-01-01")

    def run() -> BuildReport:
        return build(BuildOptions(NOW, tiny.content, tiny.root / "publications.toml", tiny.output, settings, validate_mail=False))

    run()
    row = theme / "templates" / "fragments" / "row.html"
    row.write_text(row.read_text(encoding="utf-8").replace("</li>", "<p>新しい行</p></li>"), encoding="utf-8")
    report = run()
    assert all("新しい行" in tiny.page(url) for url in ("/press/", "/press/2020/01/", "/places/ishinomaki/", "/topics/housing/"))
    assert "404.html" not in report.reasons
