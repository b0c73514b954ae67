"""The status page in Chromium, and the metrics as Prometheus reads them."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from prometheus_client.parser import text_string_to_metric_families

from alarm.status import metrics, write_status
from alarm.words import line
from demo.servers import free_port
from publisher.cli.verify import serve
from tests.samples.publishing.mirrors import Mirrors
from verifier.watch import Watch

HOSTILE = "evil-\u202e<img src=x onerror=alert(1)>.html"


@pytest.fixture
def watch(mirrors: Mirrors) -> Watch:
    """One that has found a page that leads to a file with a hostile name."""
    watch = mirrors.watch(mirrors.config("www", "second"))
    mirrors.run(watch, 60)
    mirrors.replace(HOSTILE, b"x")
    mirrors.replace("index.html", f'<a href="{HOSTILE}">'.encode())
    mirrors.run(watch, 60)
    return watch


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_fits_and_shows_hostile_names_as_text(
    watch: Watch, tmp_path: Path, browser: Browser, width: int, scheme: str
) -> None:
    write_status(watch, [], tmp_path / "status")
    page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"file://{tmp_path}/status/index.html")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("[role=status]").inner_text() == "異常があります 4 findings"
    assert page.locator("img, script").count() == 0
    assert "<img src=x onerror" in page.locator("main").inner_text()
    page.close()


def test_the_metrics_are_read_by_prometheus_and_count_the_findings(watch: Watch) -> None:
    families = {family.name: family for family in text_string_to_metric_families("".join(f"{row}\n" for row in metrics(watch)))}
    counts = {sample.labels["kind"]: sample.value for sample in families["verifier_findings"].samples}
    assert (counts["altered"], counts["added"], counts["missing"]) == (2, 2, 0)
    assert {sample.labels["mirror"]: sample.value for sample in families["verifier_release_number"].samples} == {"www": 1, "second": 1}


def test_no_sign_of_a_stranger_turns_or_ends_a_line(watch: Watch) -> None:
    lines = [line(each) for each in watch.findings()]
    assert any("evil-\\u202e<img" in words for words in lines)
    assert all(words.isprintable() for words in lines)


def test_the_page_can_be_shown_on_this_machine_alone(watch: Watch, tmp_path: Path) -> None:
    write_status(watch, [], tmp_path / "status")
    serve(tmp_path / "status", port := free_port())
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        assert "公開先の見張り" in answer.read().decode()
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://127.0.0.2:{port}/")
