"""`check`, `validate`, `build` and `new issue`: what they print in each format, where, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.samples.tiny import TinySite
from todoke import app


def run(site: TinySite, command: str, *options: str) -> Result:
    arguments = [*command.split(), *options, "--publications", str(site.root / "publications.toml"), "--content", str(site.content)]
    return CliRunner().invoke(app, [*arguments, "--now", "2021-03-31T12:00"])


@pytest.fixture
def faulty(tiny: TinySite) -> TinySite:
    """One error of a rule, one of front matter, one warning."""
    tiny.article("press/2020/a.md", lead="①の２０人です。")
    tiny.write("press/2020/b.md", "---\ntitel: 題\ndate: 2020-01-02\ntitle: 題\n---\n本文\n")
    return tiny


@pytest.mark.parametrize("command", ["check", "build"])
def test_errors_are_one_document_on_the_output_stream_and_the_status_is_one(faulty: TinySite, command: str) -> None:
    done = run(faulty, command, "--format", "json", *(["--output", str(faulty.output), "--strict"] if command == "build" else []))
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    places = {(each["rule"], each["path"], each["line"]) for each in document["diagnostics"]}
    assert {("F202", "content/press/2020/b.md", 2)} <= places
    assert document["errors"] >= 1
    assert "errors: nothing was changed" in done.stderr


def test_a_build_names_what_it_held_back_last_and_ends_with_three(faulty: TinySite) -> None:
    faulty.article("press/2020/c.md")
    done = run(faulty, "build", "--output", str(faulty.output))
    assert done.exit_code == 3
    *_, before_last, last = done.stderr.splitlines()
    assert before_last.startswith("content/press/2020/b.md:2: 公開を見合わせました（よかった版がありません）：") and before_last.endswith(
        "[F202]"
    )
    assert " / held back, not published (no version of it holds): " in before_last
    assert last == "2件の公開を見合わせました。ほかはすべて出ています / 2 held back; all else is published"
    assert (faulty.site / "press/2020/05/c/index.html").is_file() and not (faulty.site / "press/2020/05/a").exists()


def test_a_build_that_held_back_prints_one_document_for_programs(faulty: TinySite) -> None:
    faulty.article("press/2020/c.md")
    done = run(faulty, "build", "--output", str(faulty.output), "--format", "json")
    document = json.loads(done.stdout)
    assert (done.exit_code, document["held_back"]) == (3, 2)
    assert {each["path"] for each in document["diagnostics"] if each["severity"] == "error"} == {
        "content/press/2020/a.md",
        "content/press/2020/b.md",
    }


def test_check_prints_sarif_and_github_commands(faulty: TinySite) -> None:
    sarif = json.loads(run(faulty, "check", "--format", "sarif").stdout)
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["T104", "T101", "F202"]
    lines = run(faulty, "check", "--format", "github").stdout.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "::warning file=content/press/2020/a.md",
        "::error file=content/press/2020/a.md",
        "::error file=content/press/2020/b.md",
    ]


def test_text_goes_to_the_error_stream_and_warnings_alone_end_with_zero(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", lead="２０人です。")
    done = run(tiny, "check")
    assert done.exit_code == 0
    assert "a.md:7: 注意：" in done.stderr and "[T104]" in done.stderr
    assert done.stdout == "まちがいはありません No errors: 1 files, 1 warnings\n"


def test_a_good_build_prints_an_empty_document_and_its_words_elsewhere(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    done = run(tiny, "build", "--format", "json", "--output", str(tiny.output))
    assert done.exit_code == 0
    assert json.loads(done.stdout)["diagnostics"] == []
    assert "Built:" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--format", "xml"],
        ["check", "--explain", "T999"],
        ["check", "--now", "きのう"],
        ["validate", "--output", "no-such-folder"],
        ["new", "issue", "press", "--now", "きのう"],
        ["new", "issue", "no-such-list"],
    ],
)
def test_a_wrong_command_line_ends_with_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


@pytest.mark.parametrize("code", ["f202", "M401", "T101", "E105", "L101", "I101", "R103", "D201"])
def test_any_code_is_explained(code: str) -> None:
    done = CliRunner().invoke(app, ["check", "--explain", code])
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{code.upper()}  ") and "わけ Reason: " in done.stdout


def test_validate_prints_errors_of_html_and_links_with_their_lines(tmp_path: Path) -> None:
    page = '<!doctype html><html lang="ja"><title>題</title>\n<p><img src="/a.png"></p>\n<p><a href="/gone/">行き先</a></p></html>'
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text(page, encoding="utf-8")
    done = CliRunner().invoke(app, ["validate", "--output", str(tmp_path), "--format", "json"])
    assert done.exit_code == 1
    places = [(each["rule"], Path(each["path"]).name, each["line"], each["subject"]) for each in json.loads(done.stdout)["diagnostics"]]
    assert places == [("H101", "index.html", 2, None), ("L101", "index.html", 2, "/a.png"), ("L101", "index.html", 3, "/gone/")]


def test_debug_shows_the_traceback_behind_a_diagnostic_and_nothing_else_does(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", f"---\ntitle: 題\ndate: 2020-01-01\n---\n{'- ' * 4_000}a\n")
    command = [
        sys.executable,
        "-m",
        "todoke",
        "check",
        "--content",
        str(tiny.content),
        "--publications",
        str(tiny.root / "publications.toml"),
    ]
    plain, debug = (subprocess.run([*command, *more], capture_output=True, text=True, check=False) for more in ((), ("--debug",)))
    assert "press/2020/a.md:1: 入れ子が深すぎて読めません" in plain.stderr
    assert "Traceback" not in plain.stderr
    assert "RecursionError" in debug.stderr
    assert "Traceback" in debug.stderr
    assert plain.returncode == debug.returncode == 1


def test_a_new_issue_waits_for_nobody_else_s_mistake_and_names_what_it_left_out(faulty: TinySite) -> None:
    places = ["--content", str(faulty.content), "--publications", str(faulty.root / "publications.toml")]
    command = ["new", "issue", "press", "--now", "2021-03-31T12:00", *places]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "add them when they are right" in result.output and len(list(faulty.content.glob("mail/press/*.md"))) == 1
    faulty.write("mail/press/9.md", "---\ntitle: 題\ndate: 2020/5/1\n---\n本文。\n")
    assert CliRunner().invoke(app, command).exit_code == 1 and not (faulty.content / "mail/press/10.md").exists()
