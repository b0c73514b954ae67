"""A file of settings is read with bounds, and every fault of it is a diagnostic."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.diagnostics import ContentErrors
from plugins.toml_file import read_toml


def fault_of(folder: Path, data: bytes) -> tuple[int, str, str]:
    (folder / "a.toml").write_bytes(data)
    with pytest.raises(ContentErrors) as caught:
        read_toml(folder / "a.toml")
    (found,) = caught.value.diagnostics
    assert str(found.path) == "a.toml"
    return found.line, found.rule, found.en


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"a = 1\nb = \n", 2, "cannot read"),
        (b"a = " + b"[" * 60_000, 1, "too deep"),
        (b"a = " + b"[" * 200 + b"]" * 200, 1, "too deep"),
        (b"a = " + b"{b = " * 500 + b"1" + b"}" * 500, 1, "too deep"),
        (b".".join([b"a"] * 50_000) + b" = 1", 1, "too deep"),
        (b"a = " + b"9" * 5_000, 1, "cannot read"),
        ("a = 'あ'".encode("cp932"), 1, "Shift_JIS: save the file as UTF-8"),
        (b'a = "x\\u0000y"', 1, "U+0000"),
        (b'"\\u001b" = 1', 1, "U+001B"),
        (b"#" * 1_000_001, 1, "larger than 1 MB"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, data: bytes, line: int, words: str) -> None:
    found = fault_of(tmp_path, data)
    assert found[:2] == (line, "R102")
    assert words in found[2]


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContentErrors, match="no such file"):
        read_toml(tmp_path / "a.toml")


@settings(derandomize=True, max_examples=200, deadline=None)
@given(data=st.one_of(st.binary(max_size=100), st.text(alphabet='a.=[]{}"\n#1\\u0é', max_size=100).map(str.encode)))
def test_any_bytes_are_tables_or_a_diagnostic(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(data)
    try:
        assert isinstance(read_toml(file), dict)
    except ContentErrors as errors:
        assert errors.diagnostics
        assert not [found for found in errors.diagnostics if found.en.startswith("unexpected")]
