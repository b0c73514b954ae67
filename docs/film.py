"""The film of the sample (``content/files/films/041.mp4``): one drawing of the sample, moved. Run once, when the drawing changes: ``python -m docs.film``.

Chromium draws each frame, the program ``ffmpeg`` (Debian's package of that name) joins them: H.264 without sound, which every browser plays. No build needs
either: the film is a file of the checkout like the pictures. What is said stands in the captions and in the transcript of the article.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from audit.browser import chromium

CONTENT = Path(__file__).parents[1] / "content"
DRAWING = CONTENT / "images/drawings/press-onagawa-station.svg"
FILM = CONTENT / "files/films/041.mp4"

SIZE = {"width": 640, "height": 360}
SECONDS, FRAMES_PER_SECOND = 73, 8

LARGEST = 1_000_000
"""Bytes. Readers far away have slow connections."""

# Gathers the parts of the drawing by where they lie, and sets them for the second `at`: dawn until 14, the train comes from 14 to 24 and goes from 59 to 69,
# people move while it stands before them, dusk from 56.
_SCENE = """() => {
  const svg = document.querySelector('svg'), ns = 'http://www.w3.org/2000/svg', all = [...svg.querySelectorAll(':scope > :not(defs)')];
  svg.setAttribute('width', 640); svg.setAttribute('height', 360);
  const within = (box, top, bottom, width) => box.y >= top && box.y + box.height <= bottom && box.width < width;
  const part = (test) => all.filter(e => test(e.getBBox(), e));
  const train = part(box => within(box, 526, 619, 300) && box.y < 612);
  const clouds = part((box, e) => e.localName === 'ellipse' && box.y + box.height < 230);
  const sun = part((box, e) => e.localName === 'circle' && e.getAttribute('cx') === '930' && box.y < 120);
  const people = part(box => within(box, 440, 497, 20)).filter(e => e.getAttribute('opacity') !== '0.13');
  const windows = part((box, e) => e.localName === 'rect' && within(box, 380, 490, 60) && box.x > 330 && box.x < 860 && !people.includes(e));
  const add = (name, values) => {
    const e = document.createElementNS(ns, name);
    Object.entries(values).forEach(([key, value]) => e.setAttribute(key, value));
    return svg.appendChild(e);
  };
  const glow = windows.map(e => {
    const copy = e.cloneNode();
    copy.setAttribute('fill', '#ffd987');
    e.after(copy);
    return copy;
  });
  const dark = add('rect', {width: 1200, height: 675, fill: '#1d2b57'}), warm = add('rect', {width: 1200, height: 675, fill: '#f08a4b'});
  const title = add('g', {'font-family': 'Noto Sans CJK JP, sans-serif', fill: '#fff'});
  title.innerHTML = '<rect y="232" width="1200" height="190" fill="#0b2a6b"/><text x="70" y="320" font-size="60" font-weight="700">女川駅、列車が帰ってきた日</text>'
    + '<text x="70" y="385" font-size="36">絵を動かした動画です。音はありません。</text>';
  const part_of = (from, to, at) => Math.min(1, Math.max(0, (at - from) / (to - from))), soft = x => x * x * (3 - 2 * x);
  window.show = (at) => {
    const far = Math.max(1 - soft(part_of(14, 24, at)), soft(part_of(59, 69, at))), dusk = part_of(56, 72, at), dawn = 1 - part_of(2, 14, at);
    const move = (parts, x, y) => parts.forEach(e => e.setAttribute('transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`));
    move(train, -900 * far, 0);
    move(clouds, at * 1.6 - 60, 0);
    move(sun, at * 3 - 110, 150 * Math.max(dawn, soft(dusk)) - 20);
    people.forEach(e => e.setAttribute('transform', `translate(0 ${at > 18 && at < 34 ? -Math.abs(Math.sin(at * 2.2 + Math.floor(e.getBBox().x / 30))) * 5 : 0})`));
    glow.forEach(e => e.setAttribute('opacity', Math.max(dawn, dusk) * 0.9));
    dark.setAttribute('opacity', Math.max(dawn, soft(dusk)) * 0.5);
    warm.setAttribute('opacity', Math.sin(Math.PI * dusk) * 0.22 + Math.sin(Math.PI * dawn) * 0.15);
    title.setAttribute('opacity', 1 - part_of(4.5, 5.5, at));
  };
}"""

_FFMPEG = (
    "ffmpeg -loglevel error -y -f image2pipe -framerate {rate} -i - -an -c:v libx264 -profile:v main -pix_fmt yuv420p -crf 26 -preset veryslow -tune animation"
    " -g {rate}0 -map_metadata -1 -fflags +bitexact -flags:v +bitexact -movflags +faststart"
)


def frames(page: Page) -> Iterator[bytes]:
    """Yield each frame as PNG."""
    page.set_content(f"<body style='margin:0'>{DRAWING.read_text('utf-8')}")
    page.evaluate(_SCENE)
    for number in range(SECONDS * FRAMES_PER_SECOND):
        page.evaluate("at => window.show(at)", number / FRAMES_PER_SECOND)
        yield page.screenshot()


def write_film() -> int:
    """Write the film; return its bytes. Raises `ValueError` if it is larger than `LARGEST`, `subprocess.CalledProcessError` for ffmpeg's errors."""
    FILM.parent.mkdir(parents=True, exist_ok=True)
    command = [*_FFMPEG.format(rate=FRAMES_PER_SECOND).split(), str(FILM)]
    with chromium() as browser, subprocess.Popen(command, stdin=subprocess.PIPE) as ffmpeg:  # noqa: S603 - fixed words
        assert ffmpeg.stdin
        page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        for frame in frames(page):
            ffmpeg.stdin.write(frame)
    if ffmpeg.returncode:
        raise subprocess.CalledProcessError(ffmpeg.returncode, command)
    size = FILM.stat().st_size
    if size > LARGEST:
        raise ValueError(f"the film has {size:,} bytes, {LARGEST:,} at most")
    return size


if __name__ == "__main__":
    print(f"{FILM.name}: {write_film():,} bytes")
