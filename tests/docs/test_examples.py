"""What the pages tell people to type exists: commands with their options, targets of make, files, pictures; and the sample articles pass the checks."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import todoke
from docs.generate import pictures, run

PAGES = [
    *map(Path, ("README.md", "README.ja.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(Path("docs").glob("[a-z]*/*.md")),
    Path("docs/index.md"),
]
PAGES = [page for page in PAGES if page.parts[1:2] not in (("_build",), ("_generated",))]
TREE: Any = typer.main.get_command(todoke.app)


def codes(page: Path) -> Iterator[str]:
    """Yield every span of code and every line of a fenced block."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^ *```.*?\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    for block in fenced:
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL))


def invocations(page: Path) -> Iterator[list[str]]:
    """Yield the words after ``todoke`` of everything that looks like a command that can be typed."""
    for code in codes(page):
        found = re.search(r"(?:^|[/\\]|-m )todoke ([^|;>#]*)", code.strip().removeprefix("$ "))
        if found and re.match(r"[a-z-]", found[1]):
            yield shlex.split(found[1])


def problem(words: list[str]) -> str | None:
    """Return what of a command line does not exist."""
    command, rest = TREE, list(words)
    while hasattr(command, "commands"):
        if rest and rest[0].startswith("-"):
            break
        if not rest and command is not TREE:  # a group as a whole is spoken of
            return None
        if not rest or rest[0] not in command.commands:
            return f"no command {' '.join(words)!r}"
        command = command.commands[rest.pop(0)]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    unknown = [word for word in rest if word.startswith("-") and word.partition("=")[0] not in known]
    return f"no option {unknown[0]} of {' '.join(words)!r}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_each_command_line_on_a_page_is_one_that_can_be_typed(page: Path) -> None:
    assert [found for words in invocations(page) if (found := problem(words))] == []


def test_command_lines_are_found_and_mistakes_in_them_noticed() -> None:
    assert sum(1 for page in PAGES for _ in invocations(page)) > 80
    assert problem(["send", "a/1", "--dry-run"]) is None
    assert problem(["sent", "a/1"]) is not None
    assert problem(["feeds", "update", "--fast"]) is not None


def test_each_command_is_named_on_a_page_written_by_hand() -> None:
    named = {
        " ".join(word for word in words if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-"))
        for page in PAGES
        for words in invocations(page)
    }
    missing = [path for path in command_paths(TREE) if not any(f"{words} ".startswith(f"{path} ") for words in named)]
    assert missing == []


def command_paths(command: Any, path: str = "") -> Iterator[str]:
    if not hasattr(command, "commands"):
        yield path.strip()
        return
    for name, below in command.commands.items():
        yield from command_paths(below, f"{path} {name}")


def test_each_target_of_make_on_a_page_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for page in PAGES for code in codes(page) for target in re.findall(r"^make ([a-z-]+)", code)}
    assert named > {"demo", "test", "docs", "audit-deps"}
    assert sorted(named - targets) == []


def test_each_file_of_the_repository_that_a_page_names_exists() -> None:
    programs = (
        "plugins",
        "mailer",
        "publisher",
        "emergency",
        "verifier",
        "alarm",
        "continuity",
        "sending_right",
        "storage",
        "demo",
        "audit",
        "benchmarks",
    )
    files = [path for folder in (*programs, "tests", "docs", "themes", ".ci") for path in Path(folder).rglob("*")]
    known = {path.as_posix() for path in (*files, *Path().glob("*.*"))}
    named = {code for page in PAGES for code in codes(page) if re.fullmatch(r"[\w./-]+\.(?:py|js|csv|sh|dot|seq)", code)}
    named -= {name for name in named if name.startswith("content/")}
    assert len(named) > 40
    assert sorted(name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in known)) == []


def test_each_target_of_make_is_explained_to_developers() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", Path("Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(targets) > 12
    explained = set(codes(Path("docs/how-to/developer.md")))
    assert [target for target in targets if f"make {target}" not in explained] == []


@pytest.mark.parametrize("page", ["README.md", "README.ja.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_each_link_of_a_root_page_leads_to_a_file(page: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", Path(page).read_text(encoding="utf-8")) if "://" not in link]
    assert links
    assert [link for link in links if not Path(link).is_file()] == []


def test_each_picture_on_a_page_is_taken_and_each_that_is_taken_is_shown() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    taken = {shot.name for shot in (*pictures.SITE_SHOTS, *pictures.PREVIEW_SHOTS, pictures.MESSAGE, pictures.PREFERENCES)}
    shown = set(re.findall(r"/_generated/pictures/([a-z-]+)\.png", text))
    assert shown <= taken
    assert sorted(taken - shown) == []


def test_a_picture_stands_in_for_each_that_was_never_taken_and_replaces_none(tmp_path: Path) -> None:
    (tmp_path / "portal.png").write_bytes(b"taken")
    run.stand_in(tmp_path)
    assert (tmp_path / "portal.png").read_bytes() == b"taken"
    assert (tmp_path / "preview.png").read_bytes() == Path("docs/picture.png").read_bytes()


def test_each_generated_text_is_included_by_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name, _ in run.pages() if f"_generated/{name}" not in text] == []


def test_the_articles_of_the_tutorial_and_of_the_guide_pass_the_checks(tmp_path: Path) -> None:
    shutil.copytree("content", tmp_path / "content")
    for number, page in enumerate(("docs/tutorial/first-article.md", "docs/how-to/editor-articles.md")):
        found = re.search(r"^```markdown\n(---\n.*?)^```$", Path(page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        assert found, page
        (tmp_path / "content" / "fukko-press" / "2021" / f"example-{number}.md").write_text(found[1], encoding="utf-8")
    command = [sys.executable, "-m", "todoke", "check", "--content", str(tmp_path / "content"), "--now", pictures.NOW]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "example-" not in done.stderr
