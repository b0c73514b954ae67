"""Diagnostics as text, JSON, SARIF 2.1.0 and GitHub workflow commands. Pure: values in, text out.

1. `as_text`: one line each, for people.
2. `as_json`: one document, for scripts.
3. `as_sarif`: one SARIF log (OASIS, SARIF 2.1.0), for editors and code scanning.
4. `as_github`: one workflow command each, which GitHub shows beside the changed line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from plugins.diagnostics import CONTROLS, Diagnostic, RuleDescription, Severity, printable

Rules = Mapping[str, RuleDescription]
"""Descriptions by code. A code that is missing is printed without a description."""

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}
"""GitHub's workflow commands that make an annotation."""

# GitHub reads a command up to the end of the line, and its properties up to ``::``. These are the escapes of its documentation; the percent
# sign comes first, or it would escape the escapes.
_DATA_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY_ESCAPES = _DATA_ESCAPES | {":": "%3A", ",": "%2C"}


def as_text(diagnostics: Sequence[Diagnostic]) -> str:
    """Return one line for each diagnostic: file, line, Japanese, English, rule."""
    return "".join(f"{diagnostic}\n" for diagnostic in diagnostics)


def as_json(diagnostics: Sequence[Diagnostic], summary: Mapping[str, object] | None = None) -> str:
    """Return one JSON object: ``diagnostics``, ``errors``, ``warnings`` and ``notes`` (counts), and the entries of ``summary``."""
    counts = {f"{severity}s": sum(each.severity == severity for each in diagnostics) for severity in _COMMANDS}
    document = {"diagnostics": [_json_object(diagnostic) for diagnostic in diagnostics]} | counts | dict(summary or {})
    return _dump(document)


def _dump(document: object) -> str:
    """Return JSON in UTF-8. What JSON may leave as it is, but a terminal would obey, is escaped too."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return CONTROLS.sub(lambda control: control[0] if control[0] == "\n" else f"\\u{ord(control[0]):04x}", text) + "\n"


def _json_object(diagnostic: Diagnostic) -> dict[str, object]:
    fields: dict[str, object] = {
        "rule": diagnostic.rule,
        "severity": diagnostic.severity,
        "path": str(diagnostic.path),
        "line": diagnostic.line,
        "column": diagnostic.column or None,
        "subject": diagnostic.subject or None,
        "ja": diagnostic.ja,
        "en": diagnostic.en,
    }
    if fix := diagnostic.fix:
        fields["fix"] = {"column": diagnostic.column, "length": fix.end - fix.start, "text": fix.text}
    return fields


def as_github(diagnostics: Sequence[Diagnostic], rules: Rules) -> str:
    """Return one workflow command a line: ``::error file=…,line=…,title=…::message``."""
    return "".join(f"{_command(diagnostic, rules)}\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic, rules: Rules) -> str:
    rule = rules.get(diagnostic.rule)
    properties = {
        "file": str(diagnostic.path),
        "line": str(diagnostic.line),
        "col": str(diagnostic.column or ""),
        "title": f"{diagnostic.rule} {rule.ja} {rule.en}" if rule else diagnostic.rule,
    }
    joined = ",".join(f"{name}={_escape(value, _PROPERTY_ESCAPES)}" for name, value in properties.items() if value)
    return f"::{_COMMANDS[diagnostic.severity]} {joined}::{_escape(_message(diagnostic), _DATA_ESCAPES)}"


def _escape(value: str, escapes: Mapping[str, str]) -> str:
    return printable("".join(escapes.get(character, character) for character in value))


def _message(diagnostic: Diagnostic) -> str:
    name = f"{diagnostic.subject}：" if diagnostic.subject else ""
    return f"{name}{diagnostic.ja} / {diagnostic.en}"


def as_sarif(diagnostics: Sequence[Diagnostic], rules: Rules, version: str) -> str:
    """Return a SARIF log with one run. Its driver lists all ``rules`` with their help, also those without a result; ``version`` is the program's.

    Addresses are relative to the checkout, which SARIF calls the base ``SRCROOT``. Columns count characters, not UTF-16 units (§3.14.17).
    """
    codes = sorted({*rules, *(diagnostic.rule for diagnostic in diagnostics)})
    driver = {
        "name": "Todoke",
        "version": version,
        "rules": [_descriptor(code, rules.get(code)) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, codes.index(diagnostic.rule)) for diagnostic in diagnostics],
    }
    return _dump({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _descriptor(code: str, rule: RuleDescription | None) -> dict[str, object]:
    if rule is None:
        return {"id": code}
    examples = "".join(f"\n{label}:\n{text}" for label, text in (("よくない例 Bad", rule.bad), ("よい例 Good", rule.good)) if text)
    source = f"\n{rule.source}" if rule.source else ""
    return {
        "id": code,
        "shortDescription": {"text": _sarif_text(f"{rule.ja} / {rule.en}")},
        "help": {"text": _sarif_text(f"{rule.why_ja} / {rule.why_en}{source}{examples}")},
    }


def _result(diagnostic: Diagnostic, index: int) -> dict[str, object]:
    artifact = {"uri": quote(str(diagnostic.path), errors="surrogatepass"), "uriBaseId": "SRCROOT"}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact, "region": _region(diagnostic)}}
    if diagnostic.subject:
        location["logicalLocations"] = [{"name": diagnostic.subject}]
    result: dict[str, object] = {
        "ruleId": diagnostic.rule,
        "ruleIndex": index,
        "level": diagnostic.severity,
        "message": {"text": _sarif_text(_message(diagnostic))},
        "locations": [location],
    }
    if diagnostic.fix:
        replacement = {"deletedRegion": _region(diagnostic), "insertedContent": {"text": diagnostic.fix.text}}
        result["fixes"] = [{"artifactChanges": [{"artifactLocation": artifact, "replacements": [replacement]}]}]
    return result


def _region(diagnostic: Diagnostic) -> dict[str, int]:
    region = {"startLine": max(1, diagnostic.line)}
    if diagnostic.column:
        region["startColumn"] = diagnostic.column
    if diagnostic.fix:
        region["endColumn"] = diagnostic.column + diagnostic.fix.end - diagnostic.fix.start
    return region


def _sarif_text(text: str) -> str:
    """Return ``text`` as a SARIF message: braces are doubled (§3.11.5), and ``[words](address)`` is no link (§3.11.6)."""
    return text.replace("{", "{{").replace("}", "}}").replace("](", "\\](")
