"""Two people for one notice, with real keys where keys are asked for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mailer.approval.approvers import NoApprover
from mailer.approval.names import NameRefused
from mailer.approval.signature import SignatureError, verify
from mailer.approval.two_people import OnePerson, agree
from mailer.config.settings import ApprovalRules


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    file = tmp_path / "rain.md"
    file.write_text("---\ntitle: 避難指示\n---\n", "utf-8")
    return file


def by_name(tmp_path: Path) -> ApprovalRules:
    return ApprovalRules(identity="name", approvers=tmp_path / "approvers.toml")


def with_keys(tmp_path: Path) -> ApprovalRules:
    """Rules with two approvers, whose keys lie beside the file."""
    rows = ""
    for name, key in (("佐藤太郎", "sato"), ("鈴木花子", "suzuki")):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(tmp_path / key)], check=True)
        public = (tmp_path / f"{key}.pub").read_text("ascii").strip()
        rows += f'[[approver]]\nname = "{name}"\nmail = "{key}@example.jp"\nlists = ["*"]\npublic_key = "{public}"\n'
    (tmp_path / "approvers.toml").write_text(rows, "utf-8")
    return ApprovalRules(identity="key", approvers=tmp_path / "approvers.toml")


def test_two_names_are_two_people_where_names_are_believed(tmp_path: Path, notice: Path) -> None:
    agreed = agree(by_name(tmp_path), notice, "佐藤太郎", "鈴木花子")
    assert (agreed.first, agreed.second, agreed.signature) == ("佐藤太郎", "鈴木花子", "")


@pytest.mark.parametrize("second", ["佐藤太郎", "佐藤　太郎", "佐藤 太郎", "佐籐太郎"])
def test_one_person_under_two_spellings_is_one(tmp_path: Path, notice: Path, second: str) -> None:
    with pytest.raises(OnePerson):
        agree(by_name(tmp_path), notice, "佐藤太郎", second)


def test_names_in_scripts_that_cannot_be_compared_are_not_two_people(tmp_path: Path, notice: Path) -> None:
    with pytest.raises(OnePerson, match="no characters in common"):
        agree(by_name(tmp_path), notice, "佐藤太郎", "Taro Sato")


def test_a_name_that_stands_for_nobody_is_refused(tmp_path: Path, notice: Path) -> None:
    with pytest.raises(NameRefused):
        agree(by_name(tmp_path), notice, "佐藤太郎", "鈴木\u200b花子")


def test_the_second_person_signs_the_bytes_of_the_notice(tmp_path: Path, notice: Path) -> None:
    rules = with_keys(tmp_path)
    agreed = agree(rules, notice, "佐藤太郎", "suzuki@example.jp", tmp_path / "suzuki")
    assert agreed.second == "鈴木花子"
    from mailer.approval.approvers import load_approvers

    signer = load_approvers(rules.approvers)[1]
    verify(agreed.statement, agreed.signature, signer)
    with pytest.raises(SignatureError):
        verify(agreed.statement.replace(b"notice", b"Notice"), agreed.signature, signer)


def test_the_first_person_cannot_sign_for_the_second(tmp_path: Path, notice: Path) -> None:
    with pytest.raises(SignatureError):
        agree(with_keys(tmp_path), notice, "佐藤太郎", "鈴木花子", tmp_path / "sato")


def test_somebody_who_is_not_in_the_file_does_not_count(tmp_path: Path, notice: Path) -> None:
    with pytest.raises(NoApprover, match="佐藤太郎、鈴木花子"):
        agree(with_keys(tmp_path), notice, "佐藤太郎", "高橋一郎")
