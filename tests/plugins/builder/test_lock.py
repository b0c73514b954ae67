"""One build at a time in one output; what stops a build leaves one line, the last good site, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from plugins.builder.lock import BuildBusy, output_lock
from plugins.builder.options import BuildFailed, BuildOptions
from plugins.builder.run import build, verify
from tests.plugins.builder.test_run import digests
from tests.samples.tiny import NOW, TinySite

ROOT = Path.cwd()
# What a checkout has beside its sources. `WAITS` makes a build say that it has made its pages, and wait for a signal.
SETTINGS = """
import importlib.util, pathlib, select, sys
spec = importlib.util.spec_from_file_location("original", {root!r} + "/pelicanconf.py")
original = importlib.util.module_from_spec(spec)
spec.loader.exec_module(original)
globals().update(vars(original))
THEME = {root!r} + "/themes/miyagi"
"""
WAITS = """
def wait(pelican):
    print("pages are made", flush=True)
    while True:  # not `signal.pause`: a signal just before it would be noticed only after it
        select.select([], [], [], 0.05)

class Waits:
    @staticmethod
    def register():
        from pelican import signals
        signals.finalized.connect(wait, weak=False)

PLUGINS = [*PLUGINS, Waits]
"""


@pytest.fixture
def built(tiny: TinySite) -> TinySite:
    """A site with three articles, built, in a folder where commands run."""
    (tiny.root / "pelicanconf.py").write_text(SETTINGS.format(root=str(ROOT)))
    for number in range(3):
        tiny.article(f"press/2020/a{number}.md", f"第{number}話")
    build(options(tiny))
    return tiny


def options(tiny: TinySite) -> BuildOptions:
    settings = tiny.root / "pelicanconf.py"
    return BuildOptions(NOW, tiny.content, tiny.root / "publications.toml", tiny.output, settings, validate_mail=False, wait=60)


def start(tiny: TinySite, *more: str, largest_file: int = 0) -> subprocess.Popen[str]:
    """Start `todoke build` as somebody does who stands in the checkout, as the head of its own process group.

    With ``largest_file`` (blocks of 512 bytes) no file can grow beyond it: the write fails, as it does on a full disk.
    """
    command = [sys.executable, "-m", "todoke", "build", "--now", "2021-03-31T12:00", *more]
    if largest_file:
        command = ["sh", "-c", f'ulimit -f {largest_file}; exec "$@"', "sh", *command]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    listens = partial(signal.signal, signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started deaf to Ctrl-C
    return subprocess.Popen(
        command,
        cwd=tiny.root,
        env=environment,
        stdout=-1,
        stderr=-1,
        text=True,
        start_new_session=True,
        preexec_fn=listens,  # noqa: PLW1509 - no threads here
    )


def edit(tiny: TinySite, words: str) -> None:
    for number in range(3):
        tiny.article(f"press/2020/a{number}.md", f"第{number}話{words}")


def assert_untouched(tiny: TinySite, before: dict[str, str]) -> None:
    """The public trees are as they were, and nothing is left that keeps the disk full."""
    assert digests(tiny.site) == before
    assert not list(tiny.output.glob("next-*")) and not list(tiny.output.rglob("*.part"))


def test_a_second_build_waits_and_says_who_builds(built: TinySite) -> None:
    edit(built, "改訂版")
    with output_lock(built.output, 0):
        second = start(built)
        assert second.stdout
        line = second.stdout.readline()
        assert f"process {os.getpid()} on " in line and "waiting for it to end" in line
        assert "改訂版" not in built.page("/press/2020/05/a0/")
    out, err = second.communicate(timeout=120)
    assert (second.returncode, err) == (0, "") and "Built" in out
    assert "改訂版" in built.page("/press/2020/05/a0/")


def test_a_build_that_waited_in_vain_says_who_builds_and_changes_nothing(built: TinySite) -> None:
    before = digests(built.site)
    edit(built, "改訂版")
    with output_lock(built.output, 0), pytest.raises(BuildBusy, match=f"プロセス {os.getpid()}.* / .*process {os.getpid()}"):
        build(replace(options(built), wait=0.01))
    assert_untouched(built, before)


def test_two_builds_at_the_same_moment_leave_a_site_that_is_whole(built: TinySite, tmp_path_factory: pytest.TempPathFactory) -> None:
    for round_number in range(2):
        edit(built, f"第{round_number}回")
        builds = [start(built), start(built)]
        assert [process.communicate(timeout=300)[1] for process in builds] == ["", ""]
        assert [process.returncode for process in builds] == [0, 0]
        assert f"第{round_number}回" in built.page("/press/2020/05/a2/")
    assert verify(options(built), tmp_path_factory.mktemp("fresh") / "output") == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_build_that_is_interrupted_says_so_in_one_line_and_leaves_nothing(built: TinySite, number: int, status: int) -> None:
    before = digests(built.site)
    edit(built, "改訂版")
    with (built.root / "pelicanconf.py").open("a") as settings:
        settings.write(WAITS)
    process = start(built)
    assert process.stdout and process.stdout.readline() == "pages are made\n"
    assert list(built.output.glob("next-*"))
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == status
    assert err.count("\n") == 1 and "中断しました" in err and "interrupted" in err
    assert_untouched(built, before)


def test_what_a_killed_build_left_is_removed_by_the_next_one_even_if_it_has_nothing_to_do(built: TinySite) -> None:
    (built.output / "next-killed" / "site").mkdir(parents=True)
    (built.output / "next-killed" / "site" / "half.html").write_text("x" * 1000)
    assert build(options(built)).changed == 0
    assert not list(built.output.glob("next-*"))


@pytest.mark.parametrize("largest_file", [1, 120])
def test_a_disk_that_takes_no_more_stops_a_build_with_one_line_and_the_old_site(built: TinySite, largest_file: int) -> None:
    before = digests(built.site)
    for number in range(3):
        built.article(f"press/2020/a{number}.md", f"第{number}話", lead="長い話です。\n\n" * 4_000)
    process = start(built, largest_file=largest_file)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in err and "公開中のものは前のまま" in err
    assert_untouched(built, before)


def test_an_output_that_cannot_be_written_is_one_line(built: TinySite) -> None:
    process = start(built, "--output", "publications.toml/output")
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err.count("\n")) == (1, 1) and "cannot write" in err


@pytest.mark.parametrize("name", ["site", "mail", "staging"])
def test_a_link_in_the_place_of_a_tree_is_refused_and_what_it_leads_to_stays(built: TinySite, name: str) -> None:
    (built.root / "elsewhere").mkdir()
    (built.root / "elsewhere" / "kept.txt").write_text("mine")
    if (built.output / name).exists():  # of a first build nothing lies beside the site
        (built.output / name).rename(built.root / "moved")
    (built.output / name).symlink_to(built.root / "elsewhere")
    edit(built, "改訂版")
    with pytest.raises(BuildFailed, match="is a link"):
        build(options(built))
    assert [path.name for path in (built.root / "elsewhere").iterdir()] == ["kept.txt"]


def test_a_link_that_somebody_put_into_the_site_is_replaced_and_never_written_through(built: TinySite) -> None:
    (built.root / "elsewhere" / "05" / "a0").mkdir(parents=True)
    page = built.root / "elsewhere" / "05" / "a0" / "index.html"
    page.write_bytes((built.site / "press/2020/05/a0/index.html").read_bytes())
    (built.site / "press/2020").rename(built.root / "moved")
    (built.site / "press/2020").symlink_to(built.root / "elsewhere")
    edit(built, "改訂版")
    build(options(built))
    assert not (built.site / "press/2020").is_symlink() and "改訂版" in built.page("/press/2020/05/a0/")
    assert "改訂版" not in page.read_text("utf-8") and page.stat().st_nlink == 1


@pytest.mark.parametrize("output", ["content/output", "content", "."])
def test_an_output_that_overlaps_the_sources_is_refused(built: TinySite, output: str) -> None:
    before = sorted(map(str, built.content.rglob("*")))
    with pytest.raises(BuildFailed, match="overlaps"):
        build(replace(options(built), output=built.root / output))
    assert sorted(map(str, built.content.rglob("*"))) == before
