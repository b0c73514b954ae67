"""The film of the sample plays inside its page in Chromium, with captions that are shown when they are said, and is small enough for slow connections."""

from __future__ import annotations

from playwright.sync_api import Browser

from plugins.builder.options import BuildReport

PAGE = "/inforanger/2015/04/onagawa-station-day/"


def test_the_film_plays_in_its_page_and_shows_its_captions(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 812})
    page = context.new_page()
    page.goto(address + PAGE)
    length, width, height = page.evaluate("""async () => {
      const film = document.querySelector('video.film');
      film.currentTime = 22;
      await film.play();
      await new Promise(done => film.addEventListener('timeupdate', () => film.currentTime > 22.1 && done()));
      return [film.duration, film.videoWidth, film.videoHeight];
    }""")
    assert (round(length), width, height) == (73, 640, 360)
    cues = page.evaluate("[...document.querySelector('video').textTracks[0].activeCues].map(cue => cue.text)")
    assert cues == ["佐々木：列車が入ってきました。\n手を振る人で、柵がいっぱいです。"]
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    context.close()


def test_the_film_has_at_most_one_megabyte_and_lies_on_this_site(sample: BuildReport) -> None:
    page = (sample.output / "site" / PAGE.strip("/") / "index.html").read_text("utf-8")
    assert '<source src="/files/films/041.mp4">' in page
    assert (sample.output / "site/files/films/041.mp4").stat().st_size <= 1_000_000
