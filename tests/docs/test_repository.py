"""Files for those who find, host and audit the repository."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
PUBLICCODE: dict[str, Any] = yaml.safe_load(Path("publiccode.yml").read_text(encoding="utf-8"))


def load_audit() -> Any:
    spec = importlib.util.spec_from_file_location("audit_deps", ".ci/audit_deps.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_publiccode_has_what_version_0_4_of_the_standard_demands() -> None:
    assert PUBLICCODE["publiccodeYmlVersion"] == "0.4"
    mandatory = {
        "name",
        "url",
        "platforms",
        "categories",
        "developmentStatus",
        "softwareType",
        "description",
        "legal",
        "maintenance",
        "localisation",
    }
    assert mandatory <= set(PUBLICCODE)
    assert PUBLICCODE["legal"]["license"] == PROJECT["project"]["license"]
    assert PUBLICCODE["localisation"].keys() >= {"localisationReady", "availableLanguages"}
    for language in ("ja", "en"):
        text = PUBLICCODE["description"][language]
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert text["features"]


def test_each_python_that_is_promised_has_its_classifier_and_each_package_says_that_it_is_typed() -> None:
    classifiers = PROJECT["project"]["classifiers"]
    assert "Programming Language :: Python :: 3.11" in classifiers
    assert "Typing :: Typed" in classifiers
    for package in ("mailer", "plugins", "demo"):
        assert Path(package, "py.typed").is_file()
        assert "py.typed" in PROJECT["tool"]["setuptools"]["package-data"][package]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-test.txt", "requirements-docs.txt"])
def test_a_lock_holds_versions_and_hashes_and_no_address(lock: str) -> None:
    text = Path(lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*#.*/\w+/", text, re.MULTILINE), "a path of one machine"
    assert all("==" in line for line in text.splitlines() if line and not line.startswith((" ", "#")))


def test_records_of_decisions_have_all_four_parts_in_order_and_a_number_of_their_own() -> None:
    records = sorted(Path("docs/decisions").glob("[0-9]*.md"))
    assert len(records) > 40
    numbers = [record.name[:4] for record in records]
    assert len(numbers) == len(set(numbers))
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert text.startswith(f"# {record.name[:4]} ")
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings[:3] == ["Context", "Decision", "Consequences"], record
        assert headings[3:] in ([], ["What was tried"]), record


def test_an_audit_that_could_look_nothing_up_says_so_and_one_with_findings_names_them() -> None:
    audit = load_audit()
    unknown = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}
    vulnerable = {
        "dependencies": [{"name": "b", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}, *unknown["dependencies"]]
    }
    assert audit.summary(unknown).startswith("NOT AUDITED")
    assert audit.findings(unknown) == []
    assert audit.summary(vulnerable) == "1 packages compared; NOT AUDITED: 1 that the data does not know"
    assert audit.findings(vulnerable) == ["b 1.0: PYSEC-1, mended in 1.1"]


def packages() -> list[str]:
    """Return what the architecture page must name: packages at the root, and all below those that have layers of their own."""
    layered = {"plugins", "mailer", "publisher"}
    roots = {path.parent.name for path in Path().glob("*/__init__.py")} - {"tests", "docs"}
    below = {path.parent.as_posix() for root in layered for path in Path(root).glob("*/__init__.py")}
    return sorted(roots - layered | below)


def test_the_architecture_page_names_every_package_and_no_other() -> None:
    page = Path("docs/explanation/architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| .*?`([\w/]+)/` \|", page, re.MULTILINE)
    assert sorted(set(named) - {"themes/miyagi"}) == packages()
