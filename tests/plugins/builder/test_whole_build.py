"""The old site or the new one, whole; the same bytes everywhere; nothing touched that did not change."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from plugins.builder import swap, up_to_date
from plugins.builder.options import BuildFailed
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.load import parallel_reader
from plugins.processes import WorkerLost, map_batches
from tests.tiny import TinySite

BUILD = """
import sys
from pathlib import Path
from plugins.builder.options import BuildOptions
from plugins.builder.run import build
from tests.tiny import NOW
{before}
root = Path(sys.argv[1])
build(BuildOptions(NOW, root / "content", root / "publications.toml", root / "output", validate_mail=False){arguments})
"""

KILLED_AT = {
    "while pages are made": ("", ", on_page=lambda: os.kill(os.getpid(), 9)"),
    "before the site is put in place": ("import plugins.builder.swap as e\ne.swap_atomically = lambda *_: os.kill(os.getpid(), 9)", ""),
    "when the site is in place and the mail is not": (
        "import plugins.builder.staging as t\nput = t.swap_in\n"
        "def once(*paths):\n    put(*paths)\n    os.kill(os.getpid(), 9)\nt.swap_in = once",
        "",
    ),
    "before the stamp is written": (
        "from plugins.builder.up_to_date import BuildRecord\nBuildRecord.save = lambda *_: os.kill(os.getpid(), 9)",
        "",
    ),
    "between two renames, where no exchange is to be had": (
        "import plugins.builder.swap as e\nfrom pathlib import Path\ne.swap_atomically = lambda *_: False\nrename = Path.rename\n"
        "def once(self, target):\n    rename(self, target)\n    os.kill(os.getpid(), 9)\nPath.rename = once",
        "",
    ),
}


def run(root: Path, before: str = "", arguments: str = "", **environment: str) -> int:
    code = BUILD.format(before=f"import os\n{before}", arguments=arguments)
    return subprocess.run([sys.executable, "-c", code, str(root)], env=os.environ | environment, check=False).returncode


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def three(tiny: TinySite) -> TinySite:
    return tiny.three()


@pytest.mark.parametrize("moment", KILLED_AT)
def test_a_build_that_is_killed_leaves_the_old_site_or_the_new_one(three: TinySite, moment: str) -> None:
    old = tree(three.site)
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    assert run(three.root, *KILLED_AT[moment]) == -9
    left = tree(three.site) if three.site.exists() else None
    three.build()
    new = tree(three.site)
    assert old != new
    assert left in ((old, new) if "renames" not in moment else (None, old, new))
    assert three.build().written == 0


def test_a_site_that_was_moved_away_when_the_power_failed_is_put_back_first(three: TinySite) -> None:
    old = tree(three.site)
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    assert run(three.root, *KILLED_AT["between two renames, where no exchange is to be had"]) == -9
    assert not three.site.exists()
    three.write("press/2020/a5.md", "---\ntitel: まちがい\n---\n")
    with pytest.raises(ContentErrors):
        three.build()
    assert tree(three.site) == old


def test_two_renames_do_where_no_exchange_is_to_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "swap_atomically", lambda *_: False)
    for name in ("new", "place"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    swap.swap_in(tmp_path / "new", tmp_path / "place", tmp_path / "old")
    assert (tmp_path / "place/file").read_text() == "new"
    assert (tmp_path / "new/file").read_text() == "place"
    assert not (tmp_path / "old").exists()


def test_two_builds_in_two_folders_zones_and_languages_give_the_same_bytes(
    three: TinySite, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "deeper"
    for name in ("content", "publications.toml"):
        subprocess.run(["cp", "-r", str(three.root / name), str(other.parent)], check=True)
    assert run(other.parent, TZ="America/New_York", LC_ALL="C", LANG="C", PYTHONHASHSEED="7") == 0
    assert tree(other.parent / "output/site") == tree(three.site)
    assert tree(other.parent / "output/mail") == tree(three.output / "mail")


def test_what_no_page_claims_is_removed_and_nothing_beside_it(three: TinySite) -> None:
    (three.site / "left.html").write_text("nobody made this")
    (three.output / "note.txt").write_text("not of the site")
    (three.content / "press/2020/a3.md").unlink()
    three.build()
    assert not (three.site / "left.html").exists()
    assert not (three.site / "press/2020/03/a3/index.html").exists()
    assert (three.output / "note.txt").read_text() == "not of the site"


def test_a_new_article_touches_few_pages_however_many_there_are(tiny: TinySite) -> None:
    written = []
    for size in (12, 24):
        for number in range(size):
            tiny.article(f"press/2010/a{number}.md", f"第{number}話", f"20{10 + number // 6}-0{number % 6 + 1}-01")
        tiny.build()
        new = tiny.article("press/2010/new.md", "新しい話", f"20{10 + (size - 1) // 6}-12-01")
        written.append(tiny.build().rendered)
        new.unlink()
        tiny.build()
    # page, neighbour, month and the one before, section, portal, place and topic with their lists, search with its year, results
    assert written == [13, 13]


def test_a_file_saved_twice_within_a_tick_is_seen(tiny: TinySite) -> None:
    file = tiny.article("press/2020/a.md", lead="一つめの文です。")
    stat = file.stat()
    tiny.build()
    file.write_text(file.read_text(encoding="utf-8").replace("一つめ", "二つめ"), encoding="utf-8")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    tiny.build()
    assert "二つめの文です。" in tiny.page("/press/2020/05/a/")


def test_a_stamp_tells_a_file_that_came_went_or_changed(tmp_path: Path) -> None:
    def look() -> str:
        return up_to_date.input_digests([str(tmp_path), str(tmp_path / "absent")], "", 0)[0]

    seen = [look()]
    (tmp_path / "a").write_text("1")
    seen.append(look())
    (tmp_path / "a").rename(tmp_path / "b")
    seen.append(look())
    (tmp_path / "absent").mkdir()
    seen.append(look())
    assert len(set(seen)) == 4
    assert look() == seen[-1]


def test_a_stamp_gives_the_same_whether_other_moments_are_asked_with_it_or_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    written = (tmp_path / "a").stat().st_mtime_ns
    moments = [written + seconds * 10**9 for seconds in (0, 1, 60)]
    alone = [up_to_date.input_digests([str(tmp_path)], "", moment)[0] for moment in moments]
    assert up_to_date.input_digests([str(tmp_path)], "", *moments) == alone
    assert len(set(alone)) == 2  # just after it was written its bytes are looked at, later its time


def test_work_is_shared_out_and_errors_come_back() -> None:
    made = list(map_batches(lambda numbers: [number * 2 for number in numbers], range(500), enough=100))
    assert sorted(number for _, batch in made for number in batch) == list(range(0, 1000, 2))

    def fail(numbers: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(map_batches(fail, range(500), enough=100))


def test_a_worker_that_is_killed_is_told_in_a_sentence() -> None:
    def perish(numbers: Sequence[int]) -> None:
        if 0 in numbers:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(WorkerLost, match="memory"):
        list(map_batches(perish, range(500), enough=100))


@pytest.mark.parametrize("step", ["read_headers", "read_bodies"])
def test_a_hand_that_is_killed_ends_the_build_and_leaves_the_last_site(three: TinySite, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    parent, before = os.getpid(), tree(three.site)
    for number in (4, 5):
        three.article(f"press/2020/a{number}.md", f"第{number}話", "2020-04-01")

    def perish(*_: object) -> None:
        assert os.getpid() != parent, "nothing was read by another process"
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(parallel_reader, "ENOUGH", 1)
    monkeypatch.setattr(parallel_reader.ShareReader, step, perish)
    with pytest.raises(BuildFailed, match="memory"):
        three.build()
    assert tree(three.site) == before
