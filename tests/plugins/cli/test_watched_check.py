"""`todoke check --watch` checks at once, again after each save, and ends cleanly when somebody presses Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from tests.samples.tiny import TinySite, make_site

WAITING = "Waiting for changes"
COMMAND = "import sys; sys.argv[0] = 'todoke'; import todoke; todoke.main()"


@contextmanager
def watching(site: TinySite, *options: str) -> Iterator[subprocess.Popen[str]]:
    arguments = ["check", "--watch", *options, "--now", "2021-03-31T12:00", "--content", str(site.content)]
    command = [sys.executable, "-c", COMMAND, *arguments, "--publications", str(site.root / "publications.toml")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"}) as process:
        try:
            yield process
        finally:
            process.kill()


def rounds_until(stream: IO[str], words: str) -> str:
    """Return what the round of checking prints whose last line holds ``words``. The command watches before it checks: no save is missed."""
    lines: list[str] = []
    for line in stream:
        lines.append(line)
        if WAITING in line and words in line:
            return "".join(lines)
        if WAITING in line:
            lines = []
    raise AssertionError("the command ended")


def save(site: TinySite, lead: str) -> None:
    """Write the article beside the watched folders, and put it into its place at once: no check sees half of it."""
    elsewhere = make_site(site.root / "elsewhere").article("press/2020/a.md", lead=lead)
    elsewhere.replace(site.content / "press/2020/a.md")


def test_a_mistake_that_is_saved_is_told_and_one_that_is_put_right_is_told_no_more(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    (tiny.root / "elsewhere").mkdir()
    with watching(tiny) as process:
        assert process.stderr is not None
        rounds_until(process.stderr, "0 errors")
        save(tiny, "①です。")
        assert "content/press/2020/a.md:7: 「①」は" in rounds_until(process.stderr, "1 errors")
        save(tiny, "一番です。")
        rounds_until(process.stderr, "0 errors")
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in process.stderr.read()
        assert process.wait() == 0


def test_settings_that_do_not_hold_are_told_and_the_watch_goes_on(tiny: TinySite) -> None:
    toml, broken = tiny.root / "publications.toml", tiny.root / "broken.toml"
    whole = toml.read_text(encoding="utf-8")
    with watching(tiny, "--fix") as process:
        assert process.stderr is not None
        rounds_until(process.stderr, "0 errors")
        broken.write_text(whole.replace("[site]", "[sit"), encoding="utf-8")
        broken.replace(toml)
        assert "publications.toml:2: " in rounds_until(process.stderr, "1 errors")
        broken.write_text(whole, encoding="utf-8")
        broken.replace(toml)
        rounds_until(process.stderr, "0 errors")
