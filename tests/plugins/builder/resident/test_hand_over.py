"""`todoke build` hands over to the process that stays beside the output, and builds by itself where there is none that answers."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugins.builder.options import BuildOptions
from plugins.builder.resident.hand_over import FOLDER, SOCKET, hand_over
from tests.samples.tiny import NOW, TinySite, make_site

WORDS = ["--now", "2021-03-31T12:00", "--strict"]


@pytest.fixture
def tiny(tmp_path: Path) -> TinySite:
    site = make_site(tmp_path)
    (tmp_path / "pelicanconf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\nfrom plugins import clock\nexec(open({str(Path.cwd() / 'pelicanconf.py')!r}).read())\n"
        f"THEME = {str(Path.cwd() / 'themes/miyagi')!r}\nFURIGANA = False\nCARD_FONT = None\n"
    )
    for number in range(1, 4):
        site.article(f"press/2020/a{number}.md", f"第{number}話", f"2020-0{number}-01")
    return site


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "todoke", "build", *WORDS, *words]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path.cwd()), "NO_COLOR": "1"}


def build(tiny: TinySite, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), cwd=tiny.root, env=environment(), capture_output=True, text=True, check=False)


@contextmanager
def staying(tiny: TinySite, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    """A process that stays; it has built once and listens when the block begins."""
    with subprocess.Popen(command("--stay"), cwd=tiny.root, env=environment(), stdin=stdin, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while "Staying" not in (line := process.stdout.readline()):
            assert line, process.wait()
        while not (tiny.output / FOLDER / SOCKET).exists():
            assert process.poll() is None
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.read()


def test_a_build_is_done_by_the_process_that_stays_and_equals_a_fresh_one(tiny: TinySite) -> None:
    with staying(tiny):
        folder = tiny.output / FOLDER
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        tiny.article("press/2020/a2.md", "直した", "2020-02-01", "直した段落です。")
        assert build(tiny).returncode == 0
        assert "直した段落です。" in tiny.page("/press/2020/02/a2/") and "直した" in tiny.page("/press/2020/02/")
        tiny.article("press/2020/a4.md", "第四話", "2020-04-01")
        page = tiny.site / "press/2020/02/a2/index.html"  # somebody alters a file of the output
        page.unlink()
        page.write_text("altered")
        assert build(tiny, "--verify").returncode == 0 and "第四話" in tiny.page("/press/")
        tiny.write("press/2020/a1.md", "---\ntitle: 日付がない\n---\n文。\n")
        broken = build(tiny)
        assert broken.returncode == 1 and "content/press/2020/a1.md" in broken.stdout + broken.stderr
        assert "第1話" in tiny.page("/press/")


def test_what_the_clock_brings_is_made_while_nothing_else_is_to_do(tiny: TinySite) -> None:
    tiny.article("press/2021/a5.md", "すぐあとの話", "2021-03-31 12:05")
    with staying(tiny) as process:
        while not list(tiny.output.glob("next-*/provenance.json")):
            assert process.poll() is None
        page = tiny.site / "press/2021/03/a5/index.html"
        assert not page.exists()
        assert build(tiny, "--now", "2021-03-31T12:05:01", "--verify").returncode == 0 and page.exists()
    assert process.wait() == 0 and list(tiny.output.glob("next-*")) == []


def test_after_it_ended_the_next_build_takes_over_what_it_left(tiny: TinySite) -> None:
    with staying(tiny) as process:
        tiny.article("press/2020/a2.md", "第2話", "2020-02-01", "直した段落です。")
        assert build(tiny).returncode == 0
    assert process.wait() == 0 and not (tiny.output / FOLDER / SOCKET).exists()
    again = build(tiny)
    assert "直した段落です。" in tiny.page("/press/2020/02/a2/") and "(0 rendered" in again.stdout


def test_it_ends_when_the_program_that_started_it_ends(tiny: TinySite) -> None:
    reading, writing = os.pipe()
    with staying(tiny, reading) as process:
        os.close(reading)
        os.close(writing)
        assert process.wait(60) == 0


def test_after_a_kill_a_build_does_its_own_work(tiny: TinySite) -> None:
    with staying(tiny) as process:
        second = build(tiny, "--stay")
        assert second.returncode == 1 and "another one stays" in second.stderr
        process.kill()
        process.wait()
        tiny.article("press/2020/a2.md", "第2話", "2020-02-01", "直した段落です。")
        assert build(tiny).returncode == 0 and "直した段落です。" in tiny.page("/press/2020/02/a2/")


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_nobody_asks_through_a_folder_that_others_may_enter(tiny: TinySite, mode: int) -> None:
    folder = tiny.output / FOLDER
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen()
        folder.chmod(mode)
        assert hand_over(BuildOptions(NOW, output=tiny.output)) is None
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


STRANGE = [b"", b"no json\n", b"[1]\n", b'{"format": 99}\n', json.dumps({"format": 1, "options": "others"}).encode() + b"\n"]


def test_whatever_a_stranger_says_the_process_stays(tiny: TinySite) -> None:
    with staying(tiny) as process:
        for line in STRANGE:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(tiny.output / FOLDER / SOCKET))
                connection.sendall(line)
                connection.shutdown(socket.SHUT_WR)
                assert connection.makefile("rb").read() in (b"", b'{"taken": false}\n')
        assert build(tiny).returncode == 0 and process.poll() is None
