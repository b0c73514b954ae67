"""`todoke reproduce` builds a released commit anew and names every file that is not what was released."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from publisher.proof.reproduction import first_difference
from tests.publisher.proof.conftest import Checkout


def test_an_honest_release_comes_out_byte_for_byte_from_another_clone_and_the_public_manifest(checkout: Checkout, tmp_path: Path) -> None:
    assert checkout.run("release").exit_code == 0
    clone = Checkout(tmp_path / "auditor")
    subprocess.run(["git", "clone", "-q", str(checkout.folder), str(clone.folder)], check=True)
    public = checkout.mirror / ".well-known" / "todoke"
    key = checkout.run("release-keys show").stdout.strip()
    done = clone.run(f"reproduce {public}/manifest.txt --public-key {key}")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "Equal: all" in done.stdout and "The signature holds: todoke release 1" in done.stderr
    assert any(file.suffix == ".webp" for file in checkout.site.rglob("pictures/*/*")), "the comparison must include an encoder's output"
    assert clone.git("status", "--porcelain", "--ignored") == "", "a clone is only read"


def test_what_was_altered_added_and_taken_away_before_the_release_is_named_with_the_versions(checkout: Checkout, tmp_path: Path) -> None:
    defaced = checkout.site / "index.html"
    defaced.unlink()
    defaced.write_bytes((checkout.folder / "var" / "stick" / "root-1.pem").read_bytes())
    (checkout.site / "added.html").write_text("<p>injected</p>", encoding="utf-8")
    (checkout.site / "robots.txt").unlink()
    checkout.change_provenance(encoders={"webp": "0.1"}, python="CPython 3.9.1")
    assert checkout.run("release").exit_code == 0
    kept = tmp_path / "kept"
    done = checkout.run(f"reproduce 1 --keep {kept}")
    assert done.exit_code == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 4, done.stdout
    assert "index.html" in lines[0] and "first at byte 0" in lines[0]
    assert lines[1].startswith("missing") and lines[1].endswith(": added.html")
    assert lines[2].startswith("additional") and lines[2].endswith(": robots.txt")
    assert "NOT equal: 1 differ, 1 missing, 1 additional" in lines[3]
    assert "python was CPython 3.9.1 at the release" in done.stderr and "pillow:webp was 0.1 at the release" in done.stderr
    assert (
        (kept / "output" / "site" / "index.html").is_file() and (kept / "checkout" / "content").is_dir() and (kept / "build.log").is_file()
    )


def test_a_release_of_a_changed_checkout_is_warned_of_and_cannot_be_repeated(checkout: Checkout) -> None:
    (checkout.folder / "content" / "press" / "2020" / "new.md").write_text("x", encoding="utf-8")
    assert "nobody can build this release anew" in checkout.run("release").stderr
    done = checkout.run("reproduce 1")
    assert done.exit_code == 2 and "in no commit" in done.stderr and done.stdout == ""


def test_a_release_in_which_a_file_was_held_back_comes_out_the_same(checkout: Checkout, tmp_path: Path) -> None:
    """The build published the version before the mistake, which is in the history alone."""
    article = next((checkout.folder / "content" / "press").rglob("*.md"))
    article.write_text(article.read_text("utf-8").replace("title:", "titel:"), encoding="utf-8")
    checkout.git("commit", "-q", "-a", "-m", "a mistake")
    checkout.build(status=3)
    assert checkout.run("release").exit_code in (0, 3)
    clone = Checkout(tmp_path / "auditor")
    subprocess.run(["git", "clone", "-q", str(checkout.folder), str(clone.folder)], check=True)
    done = clone.run(f"reproduce {checkout.mirror}/.well-known/todoke/manifest.txt")
    assert done.exit_code == 0, done.stdout + done.stderr


def test_content_that_git_leaves_out_is_named(checkout: Checkout) -> None:
    checkout.git("rm", "-q", "-r", "--cached", "content")
    (checkout.folder / ".gitignore").write_text("output/\nvar/\n__pycache__/\ncontent/\n", encoding="utf-8")
    checkout.git("commit", "-q", "-a", "-m", "content lies elsewhere")
    assert checkout.run("release").exit_code == 0
    done = checkout.run("reproduce 1")
    assert done.exit_code == 2 and "the commit has no 'content'" in done.stderr


def test_content_outside_of_the_repository_is_named_and_its_place_is_not_published(checkout: Checkout, tmp_path: Path) -> None:
    checkout.change_provenance(content=str(tmp_path / "elsewhere"))
    assert checkout.run("release").exit_code == 0
    done = checkout.run("reproduce 1")
    assert done.exit_code == 2 and "its content lay outside of the repository" in done.stderr
    assert str(tmp_path) not in (checkout.folder / "var" / "releases" / "releases" / "1" / "manifest.txt").read_text("utf-8")


@pytest.mark.parametrize("folder", ["..", "/tmp", "a/../../b"])
def test_a_forged_manifest_aims_at_no_folder_outside_of_the_commit(checkout: Checkout, folder: str) -> None:
    assert checkout.run("release").exit_code == 0
    forged = checkout.mirror / ".well-known" / "todoke" / "forged.txt"
    text = forged.with_name("manifest.txt").read_text("utf-8")
    forged.write_text(text.replace("# build-option: folder .", f"# build-option: folder {folder}"), encoding="utf-8")
    done = checkout.run(f"reproduce {forged}")
    assert done.exit_code == 2 and "leads elsewhere" in done.stderr


def test_a_submodule_is_refused(checkout: Checkout) -> None:
    checkout.git("update-index", "--add", "--cacheinfo", f"160000,{checkout.git('rev-parse', 'HEAD')},partners")
    checkout.git("commit", "-q", "-m", "a submodule")
    (checkout.folder / "partners").mkdir()
    assert checkout.run("release").exit_code == 0
    done = checkout.run("reproduce 1")
    assert done.exit_code == 2 and "submodule at partners" in done.stderr, done.stderr


def test_a_commit_that_does_not_build_is_told_with_the_words_of_its_build(checkout: Checkout) -> None:
    checkout.git("rm", "-q", "publications.toml")
    (checkout.folder / "publications.toml").write_text("[site\n", encoding="utf-8")
    checkout.git("add", "publications.toml")
    checkout.git("commit", "-q", "-m", "broken")
    assert checkout.run("release").exit_code == 0
    done = checkout.run("reproduce 1")
    assert done.exit_code == 2 and "the build of the commit ended with status 1" in done.stderr and "publications.toml" in done.stderr


def test_a_release_without_a_record_of_its_build_takes_the_moment_from_the_command(checkout: Checkout) -> None:
    (checkout.folder / "output" / "provenance.json").unlink()
    assert checkout.run("release").exit_code == 0
    asked = checkout.run("reproduce 1")
    assert asked.exit_code == 2 and "give it with --now" in asked.stderr
    done = checkout.run("reproduce 1 --now 2020-05-02T12:00 --json")
    record = json.loads(done.stdout)
    assert done.exit_code == 1 and not record["is_equal"] and "sitemap.xml" in record["differing"], "another moment is another site"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("reproduce 7", "there is no release 7"),
        ("reproduce nowhere.txt", "nowhere.txt: No such file"),
        ("reproduce publish.toml", "neither a comment nor a digest"),
        ("reproduce 1 --repository var", "is not in"),
        ("reproduce 1 --repository /", "no Git repository"),
        ("reproduce 1 --keep output", "nothing is overwritten"),
        ("reproduce 1 --python nowhere/python", "nowhere/python: No such file"),
        ("reproduce 1 --public-key 7", "no public key of minisign"),
    ],
)
def test_what_cannot_be_tried_is_one_line_and_status_2(checkout: Checkout, line: str, words: str) -> None:
    assert checkout.run("release").exit_code == 0
    subprocess.run(["git", "init", "-q", str(checkout.folder / "var")], check=True)
    done = checkout.run(line)
    assert done.exit_code == 2 and words in done.stderr, done.stderr
    assert words in done.stderr.splitlines()[-1]


def test_a_damaged_record_of_the_build_stops_the_release(checkout: Checkout) -> None:
    checkout.change_provenance(packages=["pillow"])
    done = checkout.run("release")
    assert done.exit_code == 1 and "the record of the build cannot be read" in done.stderr
    checkout.change_provenance(packages={"pillow": "1\n# files: text/html"}, encoders={"a b": "1"})
    assert "no text of one line" in checkout.run("release").stderr


@pytest.mark.parametrize(
    ("old", "new", "offset"),
    [(b"same", b"same", None), (b"same", b"samba", 3), (b"", b"a", 0), (b"a" * 70000 + b"x", b"a" * 70000 + b"y", 70000)],
)
def test_the_first_differing_byte_is_found(tmp_path: Path, old: bytes, new: bytes, offset: int | None) -> None:
    (tmp_path / "old").write_bytes(old)
    (tmp_path / "new").write_bytes(new)
    assert first_difference(tmp_path / "old", tmp_path / "new") == offset
    assert first_difference(tmp_path / "old", tmp_path / "gone") is None
