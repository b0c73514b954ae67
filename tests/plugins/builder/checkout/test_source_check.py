"""`todoke check` on a checkout: levels, partners, notices, --fix, and what a build does with findings."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from plugins.checks.results import AUDIT
from plugins.diagnostics import ContentErrors
from tests.samples.tiny import ARTICLE, TinySite
from todoke import app

NOTICE = "---\ntitle: 津波注意報①\ndate: 2021-03-31 10:00\nseverity: 注意\nexpires: 2021-04-01\n---\n海から離れてください。\n"
PARTNER = (
    "---\ntitle: 浜の２０日\ndate: 2020-01-01\nkind: partner\noriginal: https://blog.example.jp/1\nauthor: 人\nlicence: CC BY 4.0\nfeed: blog\n"
    "entry_id: a\nfirst_seen: 2020-01-01\nhash: a\n---\n<p>①です。</p>\n"
)
AUDITED = (
    '{"schema_version": 1, "moment": "2021-03-31T12:00:00+09:00", "pages": 3, "axe_version": "4.0", "axe_violations": 0, "html_errors": 2,'
    ' "broken_links": 0, "addresses": 10, "lighthouse": {}}'
)


def check(site: TinySite, *options: str, status: int = 0) -> str:
    sources = ["--now", "2021-03-31T12:00", "--content", str(site.content), "--publications", str(site.root / "publications.toml")]
    result = CliRunner().invoke(app, ["check", *sources, *options])
    assert result.exit_code == status, result.output
    return result.output


def configure(site: TinySite, line: str) -> None:
    with (site.root / "publications.toml").open("a", encoding="utf-8") as toml:
        toml.write(f"\n[checks]\n{line}\n")


def test_errors_of_front_matter_and_results_of_the_rules_are_printed_together(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", lead="①です。")
    tiny.write("press/2020/b.md", "---\ntitel: 題\n---\n本文\n")
    output = check(tiny, status=1)
    assert "content/press/2020/a.md:7: 「①」は" in output and "[T101]" in output
    assert "content/press/2020/b.md:2: 「titel」" in output


def test_a_warning_is_printed_and_does_not_stop_a_build(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", lead="２０人です。")
    output = check(tiny)
    assert "a.md:7: 注意：" in output and "[T104]" in output
    assert "1 warnings" in output
    assert [warning.line for warning in tiny.build().warnings] == [7]


def test_a_build_stops_at_an_error_of_a_rule_and_the_last_good_output_stays(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    before = tiny.page("/press/2020/05/a/")
    tiny.article("press/2020/a.md", lead="①です。")
    with pytest.raises(ContentErrors, match=r"content/press/2020/a\.md:7: .* \[T101\]"):
        tiny.build()
    assert tiny.page("/press/2020/05/a/") == before


def test_publications_toml_sets_the_level_of_a_rule_and_an_unknown_rule_in_it_stops_the_build(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", lead="①の２０人です。")
    configure(tiny, 'T101 = "off"\nT104 = "error"')
    assert "T104" in check(tiny, status=1)
    assert "T101" not in check(tiny, status=1)
    edited = (tiny.root / "publications.toml").read_text(encoding="utf-8").replace("T104", "T999")
    (tiny.root / "publications.toml").write_text(edited, encoding="utf-8")
    with pytest.raises(ContentErrors, match=r"publications\.toml:\d+: \[checks\] 「T999」"):
        tiny.build()


def test_a_rule_only_warns_in_an_urgent_notice_and_is_not_applied_to_partners(tiny: TinySite) -> None:
    tiny.write("notices/2021/tsunami.md", NOTICE)
    tiny.write("partners/blog/2020/a.md", PARTNER)
    output = check(tiny, "--fix")
    assert "- title: 津波注意報①" in output
    assert "①です" in (tiny.content / "partners/blog/2020/a.md").read_text(encoding="utf-8")
    tiny.write("notices/2021/tsunami.md", NOTICE)
    assert "tsunami.md:2: 注意：「①」は" in check(tiny)
    assert len(tiny.build().warnings) == 1


def test_fix_writes_the_changes_that_it_prints_and_dry_run_only_prints_them(tiny: TinySite) -> None:
    text = ARTICLE.format(title="２０人の日　時", date="2020-05-01", lead="`①` と①").replace("\n", "\r\n")
    file = tiny.content / "press" / "2020" / "a.md"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    output = check(tiny, "--fix", "--dry-run", status=1)
    assert "content/press/2020/a.md:2:\n  - title: ２０人の日　時\n  + title: 20人の日時\n" in output
    assert file.read_bytes().decode("utf-8-sig") == text
    assert "0 warnings" in check(tiny, "--fix")
    assert file.read_bytes() == b"\xef\xbb\xbf" + text.replace("２０", "20").replace("日　時", "日時").replace("と①", "と（1）").encode(
        "utf-8"
    )
    assert [path.name for path in file.parent.iterdir()] == ["a.md"]


def test_explain_describes_a_rule_and_refuses_an_unknown_code(tiny: TinySite) -> None:
    assert "F63" in check(tiny, "--explain", "t401")
    assert check(tiny, "--explain", "all").count("わけ Reason") >= 15
    assert "no rule 'T999'" in check(tiny, "--explain", "T999", status=2)


def test_the_results_page_names_the_tests_and_what_no_machine_can_find(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", lead="２０人です。")
    report = tiny.build()
    page = tiny.page("/accessibility/results/")
    assert f"{report.rendered}ページ" in page  # the furigana copies come after
    assert "まだ行っていません" in page
    assert "全角の数字（T104） 1か所" in page
    assert "2割から3割" in page
    assert page.count('<th scope="row">') >= 38
    assert "/accessibility/results/" in tiny.page("/press/2020/05/a/")


def test_the_results_page_shows_the_last_audit_and_says_so_when_the_site_has_changed_since(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.write(str(AUDIT), AUDITED)
    tiny.build()
    page = tiny.page("/accessibility/results/")
    assert "<strong>2件あります</strong>" in page
    assert "検査のあとに増えたり減ったり" in page
    tiny.write(str(AUDIT), "{}")
    with pytest.raises(ContentErrors, match=r"content/data/audit\.json:1"):
        tiny.build()


def test_the_sample_breaks_no_rule() -> None:
    result = CliRunner().invoke(app, ["check", "--now", "2021-03-31T12:00"])
    assert result.exit_code == 0, result.output
    assert "0 warnings" in result.output
    assert Path("content/pages/accessibility.md").read_text(encoding="utf-8").count("/accessibility/results/") == 1
