"""Pieces: rendered once, the same for every page, and every page that shows one depends on all that was read for it."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from plugins.builder.options import BuildOptions, BuildReport
from plugins.builder.run import build
from plugins.clock import ALWAYS, TrackedClock
from plugins.incremental.dependency_recorder import DependencyRecorder, record_reads
from plugins.incremental.fragment_cache import PIECE, FragmentCache
from plugins.incremental.template_digests import TemplateDigests
from tests.tiny import NOW, TinySite

TEMPLATES = {
    "page.html": "{{ piece('row.html', record=record) }}{{ own }}",
    "row.html": "{{ record.title }}{{ piece('foot.html') }}{{ 'over' if end <= now }}",
    "foot.html": "{{ site }}",
}


class Record:
    """Something with an identity; counts how often its title is read."""

    tracking_key = "record:a"

    def __init__(self) -> None:
        self.read = 0

    @property
    def title(self) -> str:
        self.read += 1
        return "題"


class Desk:
    """Renders pages of one build."""

    def __init__(self) -> None:
        self.recorder, self.present, self.also = DependencyRecorder(), TrackedClock.at(NOW), list[str]()
        self.environment = Environment(autoescape=True, loader=DictLoader(TEMPLATES))
        self.shared = {"site": "とどけ", "now": self.present, "end": NOW + dt.timedelta(days=1)}
        record_reads(self.environment, self.recorder)
        self.environment.globals[PIECE] = FragmentCache(self.environment, self.shared, self)

    def page(self, record: Record, own: str) -> tuple[str, set[tuple[str, str]], bool]:
        """Return the page, what it read, and whether it holds for every moment."""
        given = {"record": record, "own": own}
        self.recorder.begin(self.shared, given)
        with self.present.separate_interval() as asked:
            text = self.environment.get_template("page.html").render({**self.shared, **given})
            bounds = asked()
        return text, set(self.recorder.end()[0]), bounds == ALWAYS


def test_a_piece_is_rendered_once_and_every_page_has_its_reads_and_its_moments() -> None:
    desk, record = Desk(), Record()
    first, second = desk.page(record, "一"), desk.page(record, "二")
    assert record.read == 1
    assert (first[0], second[0]) == ("題とどけ一", "題とどけ二")
    assert first[1] == second[1] >= {("record:a", "title"), ("name:", "site"), ("name:", "end")}
    assert not first[2]
    assert not second[2]


def test_other_values_are_another_piece() -> None:
    desk, one, other = Desk(), Record(), Record()
    desk.page(one, "一")
    desk.page(other, "二")
    assert (one.read, other.read) == (1, 1)


def test_a_piece_sees_no_name_of_the_page_that_shows_it() -> None:
    desk = Desk()
    desk.environment.loader = DictLoader({**TEMPLATES, "row.html": "{{ own }}"})
    assert desk.page(Record(), "一")[0] == "一"  # of the page itself; the row shows nothing


@pytest.mark.parametrize("name", ["page.html", "row.html", "foot.html"])
def test_a_template_called_as_a_piece_belongs_to_the_page(name: str) -> None:
    def digest(templates: dict[str, str]) -> str:
        return TemplateDigests(Environment(autoescape=True, loader=DictLoader(templates))).digest("page.html")

    assert digest(TEMPLATES) != digest({**TEMPLATES, name: f"{TEMPLATES[name]}!"})


def test_a_piece_named_by_a_variable_depends_on_all() -> None:
    def digest(other: str) -> str:
        templates = {"page.html": "{{ piece(x) }}", "other.html": other}
        return TemplateDigests(Environment(autoescape=True, loader=DictLoader(templates))).digest("page.html")

    assert digest("前") != digest("後")


def test_a_row_that_changes_its_words_changes_every_list_and_nothing_else(tiny: TinySite, tmp_path: Path) -> None:
    theme, settings = tmp_path / "theme", tmp_path / "settings.py"
    shutil.copytree("themes/miyagi", theme)
    settings.write_text(f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\nfrom pelicanconf import *\nTHEME = {str(theme)!r}\n")
    tiny.article("press/2020/a1.md", "第1話", "2020-01-01")

    def run() -> BuildReport:
        return build(BuildOptions(NOW, tiny.content, tiny.root / "publications.toml", tiny.output, settings, validate_mail=False))

    run()
    row = theme / "templates" / "pieces" / "row.html"
    row.write_text(row.read_text(encoding="utf-8").replace("</li>", "<p>新しい行</p></li>"), encoding="utf-8")
    report = run()
    assert all("新しい行" in tiny.page(url) for url in ("/press/", "/press/2020/01/", "/places/ishinomaki/", "/topics/housing/"))
    assert "404.html" not in report.reasons
