"""The settings for editors (``.vscode/``) know the lines that `todoke check` prints, and name what is there."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

import todoke
from plugins.diagnostics import Diagnostic, Severity

TASKS: list[dict[str, Any]] = json.loads(Path(".vscode/tasks.json").read_text(encoding="utf-8"))["tasks"]
SETTINGS: dict[str, Any] = json.loads(Path(".vscode/settings.json").read_text(encoding="utf-8"))
MATCHERS = [matcher for task in TASKS for matcher in task["problemMatcher"]]
NAMES: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "info"}


@pytest.mark.parametrize("severity", NAMES)
@pytest.mark.parametrize("path", ["content/press/2020/a.md", "content/press/2020/石巻 (1).md", "publications.toml"])
def test_a_line_is_taken_by_the_matcher_of_its_severity_alone(severity: Severity, path: str) -> None:
    line = str(Diagnostic(PurePosixPath(path), 12, "「①: 注意：」は[読まれません]", "is silent [by some]", "T101", severity))
    for matcher in MATCHERS:
        match = re.search(matcher["pattern"]["regexp"], line)
        assert (match is not None) == (matcher["severity"] == NAMES[severity])
        if match:
            pattern = matcher["pattern"]
            assert (match[pattern["file"]], match[pattern["line"]], match[pattern["code"]]) == (path, "12", "T101")
            assert "①" in match[pattern["message"]]


def test_every_task_is_a_command_with_options_that_it_has() -> None:
    for task in TASKS:
        command, *options = task["args"]
        known = {name for parameter in todoke.app.registered_commands or () for name in (parameter.name,)} or set(todoke.Program().commands)
        assert command in known
        names = {name for parameter in todoke.Program().commands[command].params for name in parameter.opts}
        assert {*options} <= names


def test_the_lines_that_begin_and_end_a_watched_check_are_those_that_it_prints() -> None:
    printed = re.findall(r'"(── [^"]*)"', Path("plugins/cli/check.py").read_text(encoding="utf-8"))
    for matcher in MATCHERS:
        if background := matcher.get("background"):
            assert [bool(re.search(background["beginsPattern"], line)) for line in printed] == [True, False]
            assert [bool(re.search(background["endsPattern"], line)) for line in printed] == [False, True]


def test_every_schema_that_the_settings_name_is_there() -> None:
    named = [*SETTINGS["yaml.schemas"], *SETTINGS["evenBetterToml.schema.associations"].values()]
    assert named and all(Path(name).is_file() for name in named)
    for pattern in SETTINGS["evenBetterToml.schema.associations"]:
        assert any(re.search(pattern, place) for place in ("C:\\work\\publications.toml", "C:\\work\\mailer.toml"))


def test_every_hook_for_pre_commit_is_a_command() -> None:
    hooks = yaml.safe_load(Path(".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["entry"] for hook in hooks} == {"todoke check", "todoke check --fix"}
    assert all(re.search(hook["files"], "content/press/2020/a.md") and not re.search(hook["files"], "plugins/inputs.py") for hook in hooks)
