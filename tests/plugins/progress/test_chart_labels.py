"""The labels of charts in Chromium: a long name lies over no bar, and the words of a chart are not glued together where no drawing is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import lxml.html
import pytest
from playwright.sync_api import Browser, Page

from plugins.progress import charts
from plugins.progress.totals import Level

NAMES = (
    "道路",
    "災害公営住宅の整備",
    "土地区画整理事業",
    "防災集団移転促進事業（住宅団地の造成）と、その移転元地の利活用",
    "Water supply and sewerage works",
)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 375, "height": 812})
    yield page
    page.close()


@pytest.mark.parametrize("names", [(name,) for name in NAMES] + [NAMES])
def test_no_label_lies_over_a_bar_or_over_another_label(names: tuple[str, ...], page: Page) -> None:
    levels = [Level(name, 2020, 3, 4, "か所") for name in names]
    counts = [(name, Counter({"完成": 2, "着手前": 1})) for name in names]
    for chart in (charts.bars("k", levels, "図"), charts.states("k", counts, "図")):
        page.set_content(f"<style>svg {{ font: 14px sans-serif }}</style>{chart}")
        texts = page.evaluate(
            "[...document.querySelectorAll('text')].filter(e => e.textContent.trim() && e.getBBox().x < 1).map(e => (b => [b.y, b.y + b.height, b.x + b.width])(e.getBBox()))"
        )
        bars = page.evaluate("[...document.querySelectorAll('rect.all')].filter(e => e.getBBox().y > 6).map(e => e.getBBox().x)")
        assert len(texts) >= len(names) and max(right for *_, right in texts) <= min(bars) + 0.5
        assert all(above[1] <= below[0] + 1 for above, below in pairwise(texts))


def test_where_no_drawing_is_shown_the_words_of_a_chart_stand_apart() -> None:
    chart = charts.bars("k", [Level("道路", 2020, 3, 4, "か所"), Level("海岸", 2020, 4, 4, "か所")], "図")
    words = "".join(map(str, lxml.html.fromstring(chart).itertext())).split()
    assert words == ["図", "道路", "75％", "海岸", "100％"]
