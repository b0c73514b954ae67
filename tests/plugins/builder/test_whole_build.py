"""Whatever happens to a build, readers see the old site or the new one, whole. The same sources give the same bytes everywhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from plugins.builder import up_to_date
from plugins.builder.options import BuildFailed
from plugins.builder.trees import swap
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.load import parallel_reader
from plugins.processes import WorkerLost, map_batches
from tests.samples.tiny import TinySite

pytestmark = pytest.mark.usefixtures("forking")

BUILD = """
import sys
from pathlib import Path
from plugins.builder.options import BuildOptions
from plugins.builder.run import build
from tests.samples.tiny import NOW
{before}
root = Path(sys.argv[1])
build(BuildOptions(NOW, root / "content", root / "publications.toml", root / "output", validate_mail=False){arguments})
"""

KILLED_AT = {
    "while pages are rendered": ("", ", on_page=lambda: os.kill(os.getpid(), 9)"),
    "before the site is published": (
        "import plugins.builder.trees.swap as swap\nswap.swap_atomically = lambda *_: os.kill(os.getpid(), 9)",
        "",
    ),
    "when the site is published and the mail is not": (
        "import plugins.builder.trees.staging as staging\nswap_in = staging.swap_in\n"
        "def once(*paths):\n    swap_in(*paths)\n    os.kill(os.getpid(), 9)\nstaging.swap_in = once",
        "",
    ),
    "before the build record is written": (
        "from plugins.builder.up_to_date import BuildRecord\nBuildRecord.save = lambda *_: os.kill(os.getpid(), 9)",
        "",
    ),
    "between two renames, where the system cannot exchange": (
        "import plugins.builder.trees.swap as swap\nfrom pathlib import Path\nswap.swap_atomically = lambda *_: False\nrename = Path.rename\n"
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
    after_kill = tree(three.site) if three.site.exists() else None
    three.build()
    new = tree(three.site)
    assert old != new
    assert after_kill in ((old, new) if "renames" not in moment else (None, old, new))
    assert three.build().changed == 0


def test_a_site_that_was_moved_aside_when_the_power_failed_is_put_back_even_if_the_next_build_fails(three: TinySite) -> None:
    old = tree(three.site)
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    assert run(three.root, *KILLED_AT["between two renames, where the system cannot exchange"]) == -9
    assert not three.site.exists()
    three.write("press/2020/a5.md", "---\ntitel: まちがい\n---\n")
    with pytest.raises(ContentErrors):
        three.build()
    assert tree(three.site) == old


def test_where_the_system_cannot_exchange_three_renames_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "swap_atomically", lambda *_: False)
    for name in ("new", "published"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    swap.swap_in(tmp_path / "new", tmp_path / "published", tmp_path / "aside")
    assert (tmp_path / "published/file").read_text() == "new"
    assert (tmp_path / "new/file").read_text() == "published"
    assert not (tmp_path / "aside").exists()


def test_two_builds_in_two_folders_zones_and_languages_give_the_same_bytes(
    three: TinySite, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "deeper"
    for name in ("content", "publications.toml"):
        subprocess.run(["cp", "-r", str(three.root / name), str(other.parent)], check=True)
    assert run(other.parent, TZ="America/New_York", LC_ALL="C", LANG="C", PYTHONHASHSEED="7") == 0
    assert tree(other.parent / "output/site") == tree(three.site)
    assert tree(other.parent / "output/mail") == tree(three.output / "mail")


def test_a_file_that_no_source_makes_is_removed_from_the_site_and_files_beside_the_site_stay(three: TinySite) -> None:
    (three.site / "left.html").write_text("nobody made this")
    (three.output / "note.txt").write_text("not of the site")
    (three.content / "press/2020/a3.md").unlink()
    three.build()
    assert not (three.site / "left.html").exists()
    assert not (three.site / "press/2020/03/a3/index.html").exists()
    assert (three.output / "note.txt").read_text() == "not of the site"


def test_a_new_article_renders_the_same_few_pages_however_large_the_site_is(tiny: TinySite) -> None:
    rendered = []
    for size in (12, 24):
        for number in range(size):
            tiny.article(f"press/2010/a{number}.md", f"第{number}話", f"20{10 + number // 6}-0{number % 6 + 1}-01")
        tiny.build()
        new = tiny.article("press/2010/new.md", "新しい話", f"20{10 + (size - 1) // 6}-12-01")
        rendered.append(tiny.build().rendered)
        new.unlink()
        tiny.build()
    # page, neighbour, month and the one before, section, portal, place and topic with their lists, search with its year, results
    assert rendered == [13, 13]


def test_a_second_edit_with_the_same_size_and_time_is_noticed(tiny: TinySite) -> None:
    file = tiny.article("press/2020/a.md", lead="一つめの文です。")
    stat = file.stat()
    tiny.build()
    file.write_text(file.read_text(encoding="utf-8").replace("一つめ", "二つめ"), encoding="utf-8")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    tiny.build()
    assert "二つめの文です。" in tiny.page("/press/2020/05/a/")


def test_the_digest_of_the_inputs_changes_when_a_file_comes_is_renamed_or_when_an_absent_folder_appears(tmp_path: Path) -> None:
    def input_digest() -> str:
        return up_to_date.input_digests([str(tmp_path), str(tmp_path / "absent")], "", 0)[0]

    digests = [input_digest()]
    (tmp_path / "a").write_text("1")
    digests.append(input_digest())
    (tmp_path / "a").rename(tmp_path / "b")
    digests.append(input_digest())
    (tmp_path / "absent").mkdir()
    digests.append(input_digest())
    assert len(set(digests)) == 4
    assert input_digest() == digests[-1]


def test_the_digest_for_one_moment_does_not_depend_on_the_other_moments(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    written_at = (tmp_path / "a").stat().st_mtime_ns
    moments = [written_at + seconds * 10**9 for seconds in (0, 1, 60)]
    one_by_one = [up_to_date.input_digests([str(tmp_path)], "", moment)[0] for moment in moments]
    assert up_to_date.input_digests([str(tmp_path)], "", *moments) == one_by_one
    assert len(set(one_by_one)) == 2  # shortly after it was written its bytes count, later its time alone


def test_workers_share_the_items_and_their_errors_are_raised_here() -> None:
    results = list(map_batches(lambda numbers: [number * 2 for number in numbers], range(500), enough=100))
    assert sorted(number for _, batch in results for number in batch) == list(range(0, 1000, 2))

    def fail(numbers: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(map_batches(fail, range(500), enough=100))


def test_a_killed_worker_is_reported_with_the_likely_cause() -> None:
    def kill_self(numbers: Sequence[int]) -> None:
        if 0 in numbers:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(WorkerLost, match="memory"):
        list(map_batches(kill_self, range(500), enough=100))


@pytest.mark.parametrize("step", ["read_headers", "read_bodies"])
def test_a_build_whose_parallel_reader_is_killed_fails_and_leaves_the_last_site(
    three: TinySite, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    parent, before = os.getpid(), tree(three.site)
    for number in (4, 5):
        three.article(f"press/2020/a{number}.md", f"第{number}話", "2020-04-01")

    def kill_self(*_: object) -> None:
        assert os.getpid() != parent, "nothing was read by another process"
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(parallel_reader, "ENOUGH", 1)
    monkeypatch.setattr(parallel_reader.ShareReader, step, kill_self)
    with pytest.raises(BuildFailed, match="memory"):
        three.build()
    assert tree(three.site) == before
