"""Who wrote an issue, as real Git says it: all who wrote or committed of it, and no trick with the index or the history hides them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from mailer.approval import authorship
from mailer.approval.authorship import ApprovedBefore
from mailer.approval.repository import AuthorUnknown, NotCommitted, SourceRepository
from tests.samples.editors import HANAKO, ICHIRO, MAKOTO, Editors, repository
from tests.samples.mail.mail_bundles import SOURCE

ISSUE = "mail/fukko-press/45.md"
ARTICLE = "fukko-press/2018/station.md"


def digests(editors: Editors, *paths: str) -> dict[str, str]:
    return {path: hashlib.sha256((editors.content / path).read_bytes()).hexdigest() for path in (ISSUE, *paths)}


def names_of(editors: Editors, *paths: str, before: ApprovedBefore | None = None) -> set[str]:
    found = authorship.authors(editors.content, ISSUE, digests(editors, *paths), before)
    return {person.name for person in found.people}


def test_everybody_who_ever_wrote_the_issue_is_an_author_not_only_the_last(tmp_path: Path) -> None:
    editors = repository(tmp_path, by=HANAKO)
    editors.commit(ISSUE, "本文。\n".encode(), by=MAKOTO, message="typo")
    assert names_of(editors) == {HANAKO[0], MAKOTO[0]}


def test_committers_and_co_authors_count_wherever_they_stand_in_the_message(tmp_path: Path) -> None:
    message = (
        "45号\n\nco-authored-by: 田中 実 <minoru@example.jp>\n\nおわり。\nCO-AUTHORED-BY: <akira@example.jp>\nCo-developed-by: 林 恵\n"
    )
    editors = repository(tmp_path, message=message)
    editors.commit(ISSUE, "本文。\n".encode(), by=MAKOTO, committer=ICHIRO)
    found = authorship.authors(editors.content, ISSUE, digests(editors), None)
    assert {person.name or person.mail for person in found.people} == {
        HANAKO[0], MAKOTO[0], ICHIRO[0], "田中 実", "akira@example.jp", "林 恵",
    }  # fmt: skip
    assert found.display_name == MAKOTO[0] and len(found.commit) == 40


def test_the_authors_of_everything_that_the_issue_carries_count(tmp_path: Path) -> None:
    editors = repository(tmp_path, by=HANAKO)
    editors.commit(ARTICLE, b"a\n", by=MAKOTO)
    editors.commit("fukko-press/2018/other.md", b"b\n", by=ICHIRO)
    assert names_of(editors, ARTICLE) == {HANAKO[0], MAKOTO[0]}


def test_who_wrote_a_file_under_its_earlier_name_is_its_author(tmp_path: Path) -> None:
    editors = repository(tmp_path, by=HANAKO)
    text = "".join(f"段落{number}\n" for number in range(20)).encode()
    editors.commit("drafts/station.md", text, by=MAKOTO)
    (editors.content / ARTICLE).parent.mkdir(parents=True)
    editors.git("mv", "content/drafts/station.md", f"content/{ARTICLE}")
    editors.git("commit", "--quiet", "-m", "move", by=ICHIRO)
    assert names_of(editors, ARTICLE) == {HANAKO[0], MAKOTO[0], ICHIRO[0]}


def test_words_that_came_in_by_a_merge_have_their_author(tmp_path: Path) -> None:
    editors = repository(tmp_path, by=HANAKO)
    editors.git("checkout", "--quiet", "-b", "side")
    editors.commit(ISSUE, "支流\n".encode(), by=MAKOTO)
    editors.git("checkout", "--quiet", "main")
    editors.commit("other.md", b"x\n", by=HANAKO)
    editors.git("merge", "--quiet", "--no-ff", "-m", "merge", "side", by=ICHIRO)
    assert {HANAKO[0], MAKOTO[0]} <= names_of(editors)


def test_what_the_last_approved_issue_carried_counts_only_from_then_on(tmp_path: Path) -> None:
    editors = repository(tmp_path, by=HANAKO)
    editors.commit(ARTICLE, b"seen\n", by=MAKOTO)
    editors.commit("fukko-press/2018/new.md", b"never seen\n", by=("田中 実", "minoru@example.jp"))
    before = ApprovedBefore(editors.git("rev-parse", "HEAD").strip(), (ARTICLE,))
    assert names_of(editors, ARTICLE, "fukko-press/2018/new.md", before=before) == {HANAKO[0], "田中 実"}
    editors.commit(ARTICLE, b"seen, then changed\n", by=ICHIRO)
    assert names_of(editors, ARTICLE, before=before) == {HANAKO[0], ICHIRO[0]}


def test_an_issue_that_was_written_before_the_last_approval_keeps_its_author(tmp_path: Path) -> None:
    editors = repository(tmp_path, by=HANAKO)
    before = ApprovedBefore(editors.git("rev-parse", "HEAD").strip(), (ISSUE,))
    assert names_of(editors, before=before) == {HANAKO[0]}


# The tree


@pytest.mark.parametrize("hidden", [(), ("--assume-unchanged",), ("--skip-worktree",)])
def test_a_change_that_is_not_committed_is_seen_whatever_the_index_says(tmp_path: Path, hidden: tuple[str, ...]) -> None:
    editors = repository(tmp_path)
    if hidden:
        editors.git("update-index", *hidden, f"content/{ISSUE}")
    editors.write(ISSUE, "別の本文\n".encode())
    with pytest.raises(NotCommitted, match="is not what commit"):
        names_of(editors)


@pytest.mark.parametrize("hidden", ["--assume-unchanged", "--skip-worktree"])
def test_another_file_of_the_folder_counts_too(tmp_path: Path, hidden: str) -> None:
    editors = repository(tmp_path)
    other = editors.commit(ARTICLE, b"a\n")
    editors.git("update-index", hidden, f"content/{ARTICLE}")
    other.write_bytes(b"b\n")
    with pytest.raises(NotCommitted, match=r"station\.md"):
        names_of(editors)
    other.unlink()
    with pytest.raises(NotCommitted, match=r"station\.md"):
        names_of(editors)


def test_a_clean_filter_of_the_local_configuration_hides_nothing(tmp_path: Path) -> None:
    editors = repository(tmp_path)
    (tmp_path / ".git/info/attributes").write_text("*.md filter=hide\n")
    (tmp_path / "old").write_bytes(SOURCE)
    editors.git("config", "filter.hide.clean", f"cat {tmp_path / 'old'}")
    (tmp_path / ".git/info/exclude").write_text("/old\n")
    editors.write(ISSUE, SOURCE[::-1])  # of the same length: Git compares what the filter makes of it
    assert editors.git("status", "--porcelain") == ""
    with pytest.raises(NotCommitted):
        names_of(editors)


def test_a_new_file_in_the_folder_is_a_change(tmp_path: Path) -> None:
    editors = repository(tmp_path)
    editors.git("config", "status.showUntrackedFiles", "no")
    editors.write("mail/fukko-press/46.md", b"x\n")
    with pytest.raises(NotCommitted, match=r"46\.md"):
        names_of(editors)


def test_a_bundle_that_was_made_of_other_words_is_not_the_commit(tmp_path: Path) -> None:
    editors = repository(tmp_path)
    other = {ISSUE: hashlib.sha256(b"words that were put back before the approval").hexdigest()}
    with pytest.raises(NotCommitted, match="made of other words"):
        authorship.authors(editors.content, ISSUE, other, None)
    with pytest.raises(NotCommitted, match="in no commit"):
        authorship.authors(editors.content, ISSUE, digests(editors) | {"ignored.md": "0" * 64}, None)


def test_a_picture_in_large_file_storage_is_compared_by_its_pointer(tmp_path: Path) -> None:
    editors = repository(tmp_path)
    real = bytes(range(256)) * 40
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(real).hexdigest()}\nsize {len(real)}\n"
    picture = editors.commit("images/sea.png", pointer.encode())
    picture.write_bytes(real)
    assert names_of(editors) == {HANAKO[0]}
    picture.write_bytes(real[::-1])
    with pytest.raises(NotCommitted, match=r"sea\.png"):
        names_of(editors)


def test_line_ends_of_windows_are_no_change(tmp_path: Path) -> None:
    editors = repository(tmp_path)
    editors.git("config", "core.autocrlf", "true")
    editors.write(ISSUE, SOURCE.replace(b"\n", b"\r\n"))
    assert names_of(editors) == {HANAKO[0]}


# The history


def test_a_replaced_commit_and_the_environment_change_no_author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editors = repository(tmp_path / "real", by=HANAKO)
    old = editors.git("rev-parse", "HEAD").strip()
    tree = editors.git("rev-parse", "HEAD^{tree}").strip()
    forged = editors.git("commit-tree", tree, "-m", "x", by=ICHIRO).strip()
    editors.git("replace", old, forged)
    assert editors.git("log", "-1", "--format=%an").strip() == ICHIRO[0]
    other = repository(tmp_path / "other", by=ICHIRO)
    monkeypatch.setenv("GIT_DIR", os.fspath(other.top / ".git"))
    assert names_of(editors) == {HANAKO[0]}


def test_a_mailmap_changes_no_author(tmp_path: Path) -> None:
    editors = repository(tmp_path, by=HANAKO)
    (tmp_path / ".mailmap").write_text(f"{ICHIRO[0]} <{ICHIRO[1]}> <{HANAKO[1]}>\n", "utf-8")
    editors.git("config", "log.mailmap", "true")
    assert names_of(editors) == {HANAKO[0]}


def test_a_history_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    editors = repository(tmp_path / "whole")
    editors.commit(ISSUE, "本文。\n".encode(), by=MAKOTO)
    editors.git("clone", "--quiet", "--depth=1", f"file://{editors.top}", str(tmp_path / "shallow"))
    with pytest.raises(AuthorUnknown, match="shallow"):
        SourceRepository.containing(tmp_path / "shallow" / "content")


def test_without_a_folder_a_repository_or_a_commit_nobody_is_known(tmp_path: Path) -> None:
    with pytest.raises(AuthorUnknown, match="no such folder"):
        SourceRepository.containing(tmp_path / "nonexistent")
    (tmp_path / "plain").mkdir()
    with pytest.raises(AuthorUnknown):
        SourceRepository.containing(tmp_path / "plain")
    editors = repository(tmp_path / "real")
    with pytest.raises(AuthorUnknown, match="does not have commit"):
        authorship.authors(editors.content, ISSUE, digests(editors), None, commit="0" * 40)
