"""Every rule on sources finds its bad example and leaves its good one; what is hidden from a rule stays hidden."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path, PurePosixPath
from pkgutil import iter_modules

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.checks import rules
from plugins.checks.inspection import apply_rules
from plugins.checks.levels import read_levels
from plugins.checks.repair import repaired
from plugins.checks.rules.catalogue import RULES, explain_check
from plugins.checks.rules.manuscript import Manuscript, manuscript
from plugins.checks.rules.rule import Level, Rule

FRONT_MATTER = "---\ntitle: 題\ndate: 2020-05-01\n---\n"
ALL: dict[str, Level] = dict.fromkeys(RULES, "error")


def source_with(body: str, front_matter: str = FRONT_MATTER) -> Manuscript:
    return manuscript(PurePosixPath("content/press/2020/a.md"), front_matter + body)


def broken_rules(body: str, front_matter: str = FRONT_MATTER) -> list[str]:
    return [f"{diagnostic.rule}:{diagnostic.line}" for diagnostic in apply_rules(source_with(body, front_matter), ALL)]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_finds_its_bad_example_and_its_good_one_breaks_no_rule(rule: Rule) -> None:
    assert rule.code in {rule_and_line.partition(":")[0] for rule_and_line in broken_rules(*example(rule.bad))}
    assert broken_rules(*example(rule.good)) == []


def example(text: str) -> tuple[str, str]:
    """Return a body and front matter that hold ``text``, which is either a line of front matter or blocks of a body."""
    if text.startswith("title: "):
        return "はじめの段落です。\n", f"---\n{text}\ndate: 2020-05-01\n---\n"
    return f"はじめの段落です。\n\n{text}\n\nおわりの段落です。\n", FRONT_MATTER


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.fixes], ids=lambda rule: rule.code)
def test_a_repair_turns_the_bad_example_into_the_good_one(rule: Rule) -> None:
    (bad_body, bad_head), (body, head) = example(rule.bad), example(rule.good)
    assert repaired(source_with(bad_body, bad_head), ALL) == head + body


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if not rule.fixes], ids=lambda rule: rule.code)
def test_a_rule_without_a_safe_repair_repairs_nothing(rule: Rule) -> None:
    assert repaired(source_with(rule.bad), ALL) == FRONT_MATTER + rule.bad


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('[　](https://a.example.jp/)と<a href="https://a.example.jp/"> </a>\n', ["T401:5"] * 2),
        ("[![](../../images/a.png)](https://a.example.jp/)\n", []),
        ("本文\n\n２０１５年\n", ["T104:7"]),
        ("日　時と会　場\n", ["T103:5"] * 2),
        ("司会は森　進\n\n春 夏 秋\n", ["T103:7"]),
        ("山田　太郎さんと春の海\n", []),
        ("H27.3.21と3/21（土）と2015年03月21日\n", ["T106:5"] * 3),
        ("2015/13/40 の品番、1/2の大きさ、192.168.0.1\n", []),
        ("料金～200円は9時〜12時\n", ["T107:5"]),
        ("まとめ\n===\n\n本文\n", ["T201:5"]),
        ("＃＃ 駅\n\n### 時刻表\n", ["T562:5"]),
        ("#タグではない\n", ["T201:5"]),
        ("<h2>あ</h2>\n<h4>い</h4>\n", ["T202:6"]),
        ("## あ\n\n### い\n\n## う\n\n### え\n", []),
        ("| 年 | 戸数 |\n|---|---|\n| 2015 | 5 |\n", []),
        ("|  | 2015年 |\n|---|---|\n| 戸数 | 5 |\n", []),
        ("| 年 |  |\n|---|---|\n| 2015 | 5 |\n", ["T205:6"]),
        ("<table><tr><td>5</td></tr></table>\n", ["T205:5"]),
        ("![DSC_0001](../../images/a.png)\n", ["T301:5"]),
        ("![写真集を開いたところ](../../images/a.png)\n", []),
        ("[詳しくはこちら](https://a.example.jp/)\n", ["T401:5"]),
        ("[こちらの地図](https://a.example.jp/)\n", []),
        ("<a href='https://a.example.jp/'>詳細</a>\n", ["T401:5"]),
        ("[![写真](../../images/a.png)](https://a.example.jp/)\n", ["T301:5"]),
        ("[計画（PDF、1.2MB、8ページ）](https://a.example.jp/a.pdf)\n", []),
        ("[名簿](../../files/a.XLSX)\n", ["T403:5"]),
    ],
)
def test_a_rule_reports_exactly_these_lines(body: str, expected: list[str]) -> None:
    assert sorted(broken_rules(body)) == expected


@pytest.mark.parametrize(
    "body",
    [
        "`①`と``2015/3/21``\n",
        "```\n①２０\n\n# h1\n```\n",
        "文\n\n    ①と２０１５\n\n文\n",
        "<!-- ① ２０ -->\n",
        "[案内の地図](https://a.example.jp/2015/3/21/①)\n",
        "<https://a.example.jp/２０>\n".replace("<https://a.example.jp/２０>", "文 https://a.example.jp/2015/3/21 文"),
        "文[^１]\n\n[^１]: 注\n",
    ],
)
def test_code_addresses_and_directives_are_no_prose(body: str) -> None:
    assert broken_rules(body) == []


def test_a_directive_is_no_prose_and_is_raw_outside_of_an_issue() -> None:
    assert broken_rules("::記事 ../../press/2015/①.md\n") == ["T551:5"]
    issue = manuscript(
        PurePosixPath("content/mail/press/1.md"), f"{FRONT_MATTER}::記事 ../../press/2015/①.md\n\n{{日付 2021-03-11}}に開きます。\n"
    )
    assert list(apply_rules(issue, ALL)) == []


def test_front_matter_values_are_prose_and_keys_paths_and_dates_are_not() -> None:
    front_matter = (
        "---\ntitle: ㈱石巻の２０人\ndate: 2015-03-21 10:00\nimage: ../../images/①.png\nimage_alt: 写真\n"
        "figures:\n  - {label: 広さ㎡, done: 1, total: 2}\naliases: [/2015/3/21/]\n---\n"
    )
    assert sorted(broken_rules("本文\n", front_matter)) == ["T101:2", "T101:7", "T104:2", "T301:5"]
    repaired_text = repaired(source_with("本文\n", front_matter), ALL)
    assert "title: 株式会社石巻の20人\n" in repaired_text
    assert "{label: 広さ平方メートル, done: 1, total: 2}" in repaired_text
    assert "images/①.png" in repaired_text
    assert "[/2015/3/21/]" in repaired_text


def test_a_repair_keeps_out_of_links_images_and_code() -> None:
    body = "①と[２０人の会①](https://a.example.jp/)と`①`と![①の図](../../images/a.png)と<a href='/'>①</a>\n"
    assert repaired(source_with(body), ALL) == FRONT_MATTER + body.replace("①と[", "（1）と[", 1)


def test_a_repair_may_uncover_another_and_a_rule_that_is_off_repairs_nothing() -> None:
    assert repaired(source_with("２０１５/３/２１に開く\n"), ALL) == FRONT_MATTER + "2015年3月21日に開く\n"
    assert repaired(source_with("２０１５年の①\n"), ALL | {"T104": "off"}) == FRONT_MATTER + "２０１５年の（1）\n"


@pytest.mark.parametrize("key", ["date", "updated", "expires", "deadline", "start", "end", "apply_by", "as_of"])
@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2016/2/10", "2016-02-10"),
        ("令和3年3月11日（木）", "2021-03-11"),
        ('"H27.3.21"', '"2015-03-21"'),
        ("２０１６．２．１０ 午後3時", "2016-02-10 15:00"),
    ],
)
def test_a_date_of_front_matter_becomes_the_form_that_is_read(key: str, written: str, iso: str) -> None:
    text = repaired(source_with("2016/2/10に開く\n", f"---\ntitle: 2016/2/10の会\n{key}: {written}\n---\n"), ALL)
    assert text == f"---\ntitle: 2016年2月10日の会\n{key}: {iso}\n---\n2016年2月10日に開く\n"


@pytest.mark.parametrize("value", ["2016-2-10", "2016-02-10 9:00", "2016-02-10T10:00+09:00", "2016/2/30", "来週"])
def test_a_date_that_is_read_or_that_is_none_is_left_alone(value: str) -> None:
    front_matter = f"---\ntitle: 題\ndate: {value}\n---\n"
    assert repaired(source_with("本文\n", front_matter), ALL) == f"{front_matter}本文\n"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="①㈱ﾎﾞ２０日時　 \n#`*[](){}!|-=<>/・あ～年月:h\"'^3", max_size=60))
def test_a_repair_is_done_once_and_keeps_every_line(body: str) -> None:
    source = source_with(body)
    repaired_text = repaired(source, ALL)
    assert repaired_text.count("\n") == source.text.count("\n")
    assert repaired(manuscript(source.path, repaired_text), ALL) == repaired_text
    assert len(source.prose) == len(source.marked) == len(source.loose) == len(source.text)


def test_the_remedy_for_a_link_to_a_file_names_the_size_of_that_file(tmp_path: Path) -> None:
    source = manuscript(PurePosixPath("a.md"), FRONT_MATTER + "[計画](../../files/a.pdf)\n", {"../../files/a.pdf": 1_234_567}.get)
    assert "「計画（PDF、1.2MB）」" in str(next(iter(apply_rules(source, ALL))))


def test_a_diagnostic_has_place_reason_remedy_and_code_in_both_languages_on_one_line() -> None:
    line = str(next(iter(apply_rules(source_with("\n①番\n"), ALL))))
    assert line.startswith("content/press/2020/a.md:6: 「①」は")
    assert "「（1）」のように書いてください / '①' is another character" in line
    assert line.endswith(" [T101]")
    assert "\n" not in line


def test_no_two_rules_have_one_code() -> None:
    modules = [import_module(f"{rules.__name__}.{module.name}") for module in iter_modules(rules.__path__)]
    codes = [rule.code for module in modules for rule in getattr(module, "RULES", ()) if isinstance(rule, Rule)]
    assert sorted(codes) == sorted(RULES)


def test_every_rule_is_explained_with_its_reason_in_both_languages() -> None:
    for rule in RULES.values():
        assert rule.why_ja in explain_check(rule, "warn")
        assert rule.why_en in explain_check(rule, "warn")


def test_levels_are_read_and_mistakes_in_them_are_told_with_their_line(tmp_path: Path) -> None:
    toml = tmp_path / "publications.toml"
    toml.write_text('[checks]\nT101 = "off"\nT107 = "error"\n')
    assert dict(read_levels(toml)) == {code: rule.level for code, rule in RULES.items()} | {"T101": "off", "T107": "error"}
    toml.write_text('[checks]\nT101 = "of"\nT1O2 = "off"\nT103 = false\n')
    with pytest.raises(Exception, match="T101") as error:
        read_levels(toml)
    assert [line.split(" ")[0] for line in str(error.value).split("\n")] == [f"publications.toml:{number}:" for number in (2, 3, 4)]
    assert "did you mean 'T102'?" in str(error.value)
