"""Diagnostics as text, JSON, SARIF and GitHub workflow commands, also where a stranger's words are in them."""

from __future__ import annotations

import json
import re
import urllib.parse
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plugins.builder.rules import read_descriptions
from plugins.diagnostic_formats import as_github, as_json, as_sarif, as_text
from plugins.diagnostics import CONTROLS, Diagnostic, Fix, folded

PATH = PurePosixPath("content/press/2020/a.md")
ERROR = Diagnostic(PATH, 7, "「①」は読まれません", "'①' is silent", "T101", column=3, fix=Fix(40, 41, "（1）"))
WARNING = Diagnostic(PATH, 9, "全角です", "full-width", "T104", "warning")
NOTE = Diagnostic(PurePosixPath("events.csv"), 2, "読みました", "read", "E203", "note", subject="開始日")
ALL = (ERROR, WARNING, NOTE)
RULES = read_descriptions()
HOSTILE = "\n::error file=x::forged\r\x1b[2J\u202e%0A,:{0}](https://evil.example/)\ud800"
WORDS = st.text(st.characters(), min_size=1, max_size=40) | st.sampled_from([HOSTILE, "::", "%", "\n", "{}"])


def diagnostic_with(words: str) -> Diagnostic:
    return Diagnostic(PurePosixPath("content", words.replace("/", "") or "a"), 1, words, words, "T101", subject=words)


def test_text_is_one_line_with_place_both_languages_and_rule() -> None:
    assert as_text(ALL).split("\n") == [
        "content/press/2020/a.md:7: 「①」は読まれません / '①' is silent [T101]",
        "content/press/2020/a.md:9: 注意：全角です / warning: full-width [T104]",
        "events.csv:2: 参考：開始日：読みました / note: read [E203]",
        "",
    ]


def test_json_holds_every_field_and_counts_by_severity() -> None:
    document = json.loads(as_json(ALL, {"sources": 3}))
    assert [document[name] for name in ("errors", "warnings", "notes", "sources")] == [1, 1, 1, 3]
    first, second, third = document["diagnostics"]
    assert first == {
        "rule": "T101",
        "severity": "error",
        "path": "content/press/2020/a.md",
        "line": 7,
        "column": 3,
        "subject": None,
        "ja": "「①」は読まれません",
        "en": "'①' is silent",
        "fix": {"column": 3, "length": 1, "text": "（1）"},
    }
    assert second["column"] is None and "fix" not in second
    assert third["subject"] == "開始日"


def test_nothing_wrong_is_an_empty_list_in_every_format() -> None:
    assert as_text(()) == "" and as_github((), RULES) == ""
    assert json.loads(as_json(())) == {"diagnostics": [], "errors": 0, "warnings": 0, "notes": 0}
    assert json.loads(as_sarif((), RULES, "1.0"))["runs"][0]["results"] == []


def test_github_gets_one_command_with_file_line_column_and_title() -> None:
    error, warning, note = as_github(ALL, RULES).splitlines()
    assert error == (
        "::error file=content/press/2020/a.md,line=7,col=3,title=T101 機種依存文字 machine-dependent characters"
        "::「①」は読まれません / '①' is silent"
    )
    assert warning.startswith("::warning file=content/press/2020/a.md,line=9,title=T104 ")
    assert note.startswith("::notice file=events.csv,line=2,title=E203 ") and note.endswith("::開始日：読みました / read")
    assert as_github([WARNING], {}).startswith("::warning file=content/press/2020/a.md,line=9,title=T104::")


def read_command(line: str) -> tuple[dict[str, str], str]:
    """Read a workflow command as GitHub's runner does: properties up to the second ``::``, then the message."""
    match = re.fullmatch(r"::(?:error|warning|notice) ([^:]*)::(.*)", line, re.DOTALL)
    assert match, line
    pairs = (pair.partition("=") for pair in match[1].split(","))
    return {name: urllib.parse.unquote(value) for name, _, value in pairs}, urllib.parse.unquote(match[2])


@given(WORDS)
def test_no_words_can_forge_a_second_workflow_command(words: str) -> None:
    (line, end) = as_github([diagnostic_with(words)], RULES).split("\n")
    assert end == "" and not CONTROLS.search(line)
    properties, message = read_command(line)
    assert set(properties) == {"file", "line", "title"}
    assert message.count("\n") == 3 * words.count("\n")


@given(WORDS)
def test_text_is_one_line_without_control_characters_whatever_the_words(words: str) -> None:
    (line, end) = as_text([diagnostic_with(words)]).split("\n")
    assert end == "" and not CONTROLS.search(line)


@given(WORDS)
def test_json_and_sarif_give_back_the_words_and_can_be_written_as_utf_8(words: str) -> None:
    diagnostic = diagnostic_with(words)
    text, sarif = as_json([diagnostic]), as_sarif([diagnostic], RULES, "1.0")
    assert json.loads(text)["diagnostics"][0]["ja"] == words
    result = json.loads(sarif)["runs"][0]["results"][0]
    assert read_message(result["message"]["text"]).startswith(f"{words}：{words} / ")
    for document in (text, sarif):
        document.encode("utf-8")
        assert not CONTROLS.search(document.replace("\n", ""))


def read_message(text: str) -> str:
    """Read a SARIF message as its viewers do: doubled braces are one, an escaped bracket is a bracket."""
    return text.replace("{{", "{").replace("}}", "}").replace("\\](", "](")


# SARIF 2.1.0. The required properties and the permitted names of the objects that we write (§3.13 to §3.57).
SARIF: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"results", "columnKind"}),
    "tool": ({"driver"}, set()),
    "driver": ({"name"}, {"version", "rules"}),
    "rule": ({"id"}, {"shortDescription", "help"}),
    "result": ({"message"}, {"ruleId", "ruleIndex", "level", "locations", "fixes"}),
    "location": (set(), {"physicalLocation", "logicalLocations"}),
    "artifact": (set(), {"uri", "uriBaseId"}),
    "region": (set(), {"startLine", "startColumn", "endColumn"}),
    "fix": ({"artifactChanges"}, set()),
    "change": ({"artifactLocation", "replacements"}, set()),
    "replacement": ({"deletedRegion"}, {"insertedContent"}),
}


def check_object(name: str, value: dict[str, Any]) -> dict[str, Any]:
    required, permitted = SARIF[name]
    assert required <= set(value) <= required | permitted, (name, value)
    return value


def check_sarif(text: str) -> dict[str, Any]:
    """Check a log against the standard; return its one run."""
    log = check_object("log", json.loads(text))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = check_object("driver", check_object("tool", check_object("run", run)["tool"])["driver"])
    codes = [check_object("rule", rule)["id"] for rule in driver["rules"]]
    assert len(set(codes)) == len(codes)
    for result in run["results"]:
        check_object("result", result)
        assert codes[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        for location in result["locations"]:
            physical = check_object("location", location)["physicalLocation"]
            check_place(physical["artifactLocation"], physical["region"])
        for fix in result.get("fixes", ()):
            for change in check_object("fix", fix)["artifactChanges"]:
                for replacement in check_object("change", change)["replacements"]:
                    check_place(change["artifactLocation"], check_object("replacement", replacement)["deletedRegion"])
    return run  # type: ignore[no-any-return]


def check_place(artifact: dict[str, Any], region: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9%/._~-]+", check_object("artifact", artifact)["uri"])
    assert all(number >= 1 for number in check_object("region", region).values())


def test_sarif_is_valid_and_lists_every_rule_with_its_help() -> None:
    run = check_sarif(as_sarif(ALL, RULES, "1.2"))
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"], run["columnKind"]) == ("Todoke", "1.2", "unicodeCodePoints")
    assert [rule["id"] for rule in driver["rules"]] == sorted(RULES)
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in driver["rules"])
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]


def test_sarif_names_place_and_fix_in_characters() -> None:
    result = check_sarif(as_sarif([ERROR], RULES, "1.2"))["results"][0]
    region = {"startLine": 7, "startColumn": 3, "endColumn": 4}
    assert result["locations"][0]["physicalLocation"]["region"] == region
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert replacement == {"deletedRegion": region, "insertedContent": {"text": "（1）"}}


def test_a_rule_without_a_description_and_a_strange_path_are_still_valid_sarif() -> None:
    strange = Diagnostic(PurePosixPath("content/駅 #1?.md"), 0, "ja", "en", "Z999")
    run = check_sarif(as_sarif([strange], {}, "1.2"))
    assert run["tool"]["driver"]["rules"] == [{"id": "Z999"}]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == urllib.parse.quote("content/駅 #1?.md")


@given(st.builds(diagnostic_with, WORDS))
def test_a_record_gives_the_diagnostic_back(diagnostic: Diagnostic) -> None:
    for each in (diagnostic, *ALL):
        assert Diagnostic.from_record(json.loads(json.dumps(each.as_record()))) == each
    restored = Diagnostic.from_record(ERROR.as_record())
    assert restored.fix == ERROR.fix


def test_what_a_repair_puts_right_in_many_places_is_one_line_for_people() -> None:
    fix = Fix(0, 1, "1")
    many = [replace(WARNING, line=line, fix=fix) for line in (3, 3, 8, *range(20, 40))]
    others = [ERROR, replace(WARNING, line=50), replace(ERROR, line=99, fix=fix), replace(many[0], path=PurePosixPath("b.md"))]
    first, *rest = folded([*many, *others])
    assert (first.line, first.ja) == (3, "全角です（ほかに22か所。3、8、20、21、22、23、24、25、26、27行目など）")
    assert first.en == "full-width (22 more: lines 3, 8, 20, 21, 22, 23, 24, 25, 26, 27 …)"
    assert rest == others, "an error, and what a person has to mend, has a line of its own"
    assert folded(many[:2])[0].ja == "全角です（ほかに1か所。3行目）"
