"""Whatever breaks, in whatever groups: the rest is what a checkout with those files as they last held would give, byte for byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.builder.held_back.report import HeldBack
from tests.plugins.situation.days import DESIGNATED, FULL, OPEN, SHELTERS, STATUS
from tests.samples.history import Checkout, make_checkout
from tests.samples.tiny import TinySite

PROGRESS = "分野,市町村,年度,完成,計画,単位,状態\n道路,石巻市,2019,3,10,km,工事中\n道路,女川町,2019,4,10,km,工事中\n道路,石巻市,2020,5,10,km,工事中\n"
VIDEO = "---\ntitle: 動画\ndate: 2020-03-01\nkind: video\nvideo: https://www.youtube.com/watch?v=abc\nduration: '1:00'\ncaptions: ../../files/a.vtt\n---\n段落です。\n\n## 書き起こし\n\n話したことばです。\n"
ISSUE = "---\ntitle: 第{0}号\ndate: 2020-0{0}-28\npreheader: この号の案内です\n---\nこんにちは。\n\n## 知らせ\n\n::記事 ../../press/2020/{1}.md\n"


def write_sample(site: TinySite) -> None:
    """Two versions of each article would hold; documents link to each other, to pictures and to a table."""
    site.image()
    site.image("images/hill.png", 9)
    for name, lead in {
        "a": "最初の段落です。",
        "b": "[題aの記事](a.md)を見る。",
        "c": "[題bの記事](b.md)を見る。\n\n![海の写真です](../../images/sea.png)",
        "d": "![丘の写真です](../../images/hill.png)",
        "e": "何にもつながらない記事です。",
    }.items():
        site.article(f"press/2020/{name}.md", f"題{name}", "2020-02-01", lead)
    site.write("pages/about.md", "---\ntitle: このサイトについて\n---\n[題cの記事](../press/2020/c.md)を見る。\n")
    site.write("data/progress.csv", PROGRESS)
    toml = site.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace("[publications.press]", "[site.situation]\n\n[publications.press]", 1), "utf-8")
    site.write("data/situation/shelters.csv", SHELTERS + DESIGNATED)
    site.write(
        "data/situation/shelter-status.csv", STATUS + OPEN.replace(",1,,", ",1,日和の丘小学校,") + FULL.replace(",2,,", ",2,牡鹿の里,")
    )
    site.write("mail/press/002.md", ISSUE.format(2, "a"))
    site.write("mail/press/003.md", ISSUE.format(3, "e"))


FAULTS: Mapping[str, Callable[[bytes], bytes]] = {
    "emptied": lambda _data: b"",
    "cut in the middle": lambda data: data[: len(data) // 2],
    "another encoding": lambda data: data + "石".encode("shift_jis") * 3,
    "a control character": lambda data: data + b"\x1b[2J\n",
    "a link to nowhere": lambda data: data + "\n\n[なし](nowhere.md)\n".encode(),
    "no date": lambda data: data.replace(b"date:", b"dat:"),
    "a line of another table": lambda data: data + "空,石巻市,2020,x,10,km,工事中\n".encode(),
    "an unfinished merge": lambda data: b"<<<<<<< HEAD\n" + data + b"=======\n>>>>>>> other\n",
    "changed and good": lambda data: data.replace("段落".encode(), "文章".encode()),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose first commit holds."""
    checkout = make_checkout(tmp_path_factory.mktemp("checkout"))
    write_sample(checkout.site)
    checkout.commit()
    return checkout


FATAL = {"emptied", "a control character", "an unfinished merge"}
"""Faults that no document survives."""

FILES = (
    *(f"press/2020/{name}.md" for name in "abcde"), "pages/about.md", "data/progress.csv", "mail/press/002.md", "mail/press/003.md",
    "images/sea.png", "images/hill.png", "data/municipalities.csv", "data/situation/shelters.csv", "data/situation/shelter-status.csv",
)  # fmt: skip


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    faults=st.dictionaries(st.sampled_from(FILES), st.sampled_from(sorted(FAULTS)), min_size=1, max_size=6),
    deleted=st.frozensets(st.sampled_from(FILES[:5]), max_size=1),
    is_committed=st.booleans(),
)
def test_the_rest_equals_a_build_of_the_checkout_with_those_files_as_they_last_held(
    checkout: Checkout, tmp_path: Path, faults: dict[str, str], deleted: frozenset[str], is_committed: bool
) -> None:
    content = checkout.site.content
    checkout.git("checkout", "-q", "--force", "--detach", "main")
    for path, fault in faults.items():
        (content / path).write_bytes(FAULTS[fault]((content / path).read_bytes()))
    for path in deleted:
        (content / path).unlink()
    if is_committed:
        checkout.commit()
    report = checkout.site.build(strict=False)
    held = {each.path.removeprefix("content/") for each in report.held_back}
    assert {path for path, fault in faults.items() if path.endswith(".md") and fault in FATAL} - deleted <= held
    assert deleted or held <= faults.keys()  # the first version of each holds together with every version of the others
    other = as_they_last_held(checkout, tmp_path, report.held_back)
    other.build()
    unsent = [path.removeprefix("content/").removesuffix(".md") for path in held if path.startswith("mail/")]
    assert tree(checkout.site.output, []) == tree(other.output, unsent)
    assert [entry["path"] for entry in json.loads((checkout.site.output / "held-back.json").read_bytes())] == [
        each.path for each in report.held_back
    ]


def test_of_files_that_are_emptied_one_by_one_each_is_held_back_alone(checkout: Checkout) -> None:
    checkout.git("checkout", "-q", "--force", "--detach", "main")
    for path in FILES:
        data = (checkout.site.content / path).read_bytes()
        (checkout.site.content / path).write_bytes(b"")
        assert [(each.path, each.date) for each in checkout.site.build(strict=False).held_back] == [(f"content/{path}", "2020-06-01")]
        (checkout.site.content / path).write_bytes(data)
    assert checkout.site.build(strict=False).held_back == ()


def as_they_last_held(checkout: Checkout, root: Path, held: Sequence[HeldBack]) -> TinySite:
    """Return a copy of the checkout in which what was held back is as the report says: a file or a row of a commit, or not there."""
    shutil.rmtree(root, ignore_errors=True)  # with the last build: what a build takes over from that is compared with a full one
    shutil.copytree(checkout.root, root, ignore=shutil.ignore_patterns(".git", "output*"))
    for entry in reversed(held):  # rows from the last one: the lines of those before stay
        file, old = root / entry.path, checkout.at(entry.commit, entry.name) if entry.commit else None
        if entry.what == "row":
            lines, number = file.read_text("utf-8").splitlines(keepends=True), entry.diagnostics[0].line
            lines[number - 1 : number] = [old.decode().splitlines(keepends=True)[number - 1]] if old else []
            file.write_text("".join(lines), "utf-8")
        elif old is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(old)
    return TinySite(root)


def tree(output: Path, unsent: Sequence[str]) -> dict[str, bytes]:
    """Return the published files by name. ``unsent`` are the folders of mails that are not made."""
    files = {
        path.relative_to(output).as_posix(): path for name in ("site", "mail") for path in (output / name).rglob("*") if path.is_file()
    }
    return {name: path.read_bytes() for name, path in sorted(files.items()) if not name.startswith(tuple(f"{each}/" for each in unsent))}
