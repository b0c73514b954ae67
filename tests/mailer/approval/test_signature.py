"""Approvals that are signed with real SSH keys by ssh-keygen, and what somebody without the key can do: nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailer import bundle
from mailer.approval import anchors, approvers, fingerprint, granted, signature
from mailer.approval.approval import NotApproved, SamePerson
from mailer.approval.approvers import NoApprover
from mailer.approval.signature import SignatureError
from mailer.database import audit_log
from mailer.sending import send
from tests.mailer.approval.guarded import approve, guarded
from tests.samples.editors import HANAKO, ICHIRO, MAKOTO, Editors, entry, key, repository, write_approvers
from tests.samples.mail.mail_bundles import REF, SOURCE, Installation, RecordedProgress
from tests.servers.smtp import Receiver


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Lists that need a signed approval, and the editors' repository in which Hanako wrote."""
    repository(tmp_path, by=HANAKO)
    for person, name in ((ICHIRO, "ichiro"), (MAKOTO, "makoto"), (HANAKO, "hanako")):
        key(tmp_path / "keys" / person[1], name)
    write_all(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return guarded(tmp_path, 1, identity="key")


def key_of(folder: Path, person: tuple[str, str]) -> Path:
    return next(file for file in (folder / "keys" / person[1]).iterdir() if not file.suffix)


def write_all(folder: Path, *, lists: str = '["*"]') -> None:
    write_approvers(folder / "approvers.toml", *(entry(person, key_of(folder, person), lists=lists) for person in (ICHIRO, MAKOTO, HANAKO)))


def refused(home: Installation, reason: str) -> None:
    with pytest.raises(NotApproved, match=reason):
        send.send(home.context, home.root, REF, RecordedProgress())


def test_a_signed_approval_lets_the_issue_go(tmp_path: Path, home: Installation) -> None:
    given = approve(home, ICHIRO[0], key=key_of(tmp_path, ICHIRO))
    assert given.signature.startswith("-----BEGIN SSH SIGNATURE-----")
    with Receiver() as receiver:
        config = replace(home.context.config, relays=(replace(home.context.config.relay, port=receiver.port),))
        send.send(replace(home.context, config=config), home.root, REF, RecordedProgress())
        assert len(receiver.accepted) == 3


def test_an_approver_may_be_named_by_address(tmp_path: Path, home: Installation) -> None:
    assert approve(home, ICHIRO[1].upper(), key=key_of(tmp_path, ICHIRO)).approver == ICHIRO[0]


def test_only_the_approvers_own_key_signs(tmp_path: Path, home: Installation) -> None:
    with pytest.raises(SignatureError, match="is not that of 鈴木 一郎"):
        approve(home, ICHIRO[0], key=key_of(tmp_path, HANAKO))
    with pytest.raises(SignatureError, match="was not signed"):
        approve(home, ICHIRO[0])
    assert audit_log.entries(home.database) == ()


@pytest.mark.parametrize("name", ["田中 実", "鈴木", "鈴木一郎子", "suzuki@example.jp"])
def test_who_is_not_in_the_file_cannot_approve(home: Installation, name: str) -> None:
    with pytest.raises(NoApprover, match=r"approvers\.toml"):
        approve(home, name)


def test_an_approver_of_other_lists_cannot_approve(tmp_path: Path, home: Installation) -> None:
    write_all(tmp_path, lists='["mailmaga"]')
    with pytest.raises(NoApprover, match="may not approve issues of fukko-press"):
        approve(home, ICHIRO[0], key=key_of(tmp_path, ICHIRO))


def test_without_the_file_nobody_can_approve(tmp_path: Path, home: Installation) -> None:
    (tmp_path / "approvers.toml").unlink()
    with pytest.raises(NoApprover, match='identity = "name"'):
        approve(home, ICHIRO[0])


def test_an_author_with_a_key_cannot_approve(tmp_path: Path, home: Installation) -> None:
    with pytest.raises(SamePerson):
        approve(home, HANAKO[0], key=key_of(tmp_path, HANAKO))


def test_an_author_who_commits_under_an_alias_cannot_approve(tmp_path: Path, home: Installation) -> None:
    Editors(tmp_path).commit("mail/fukko-press/45.md", "下書き\n".encode())
    Editors(tmp_path).commit("mail/fukko-press/45.md", SOURCE, by=("i.s", "Ichiro.Private@example.net"))
    further = 'aliases = ["ichiro.private@example.net"]'
    write_approvers(tmp_path / "approvers.toml", entry(ICHIRO, key_of(tmp_path, ICHIRO), further=further))
    with pytest.raises(SamePerson):
        approve(home, ICHIRO[0], key=key_of(tmp_path, ICHIRO))


@pytest.mark.parametrize(
    "change", [{"size": 100_000}, {"approver": MAKOTO[0]}, {"commit": "0" * 40}, {"bundle": "0" * 64}, {"sources": ()}]
)
def test_a_signature_fits_no_other_approval(home: Installation, tmp_path: Path, change: dict[str, object]) -> None:
    given = approve(home, ICHIRO[0], key=key_of(tmp_path, ICHIRO))
    signer = approvers.find(approvers.load_approvers(tmp_path / "approvers.toml"), ICHIRO[0], REF.list)
    signature.verify(given.statement(), given.signature, signer)
    with pytest.raises(SignatureError):
        signature.verify(replace(given, **change).statement(), given.signature, signer)  # type: ignore[arg-type]


def test_a_signature_for_another_purpose_is_no_approval(home: Installation, tmp_path: Path) -> None:
    given = approve(home, ICHIRO[0], key=key_of(tmp_path, ICHIRO))
    (tmp_path / "statement").write_bytes(given.statement())
    command = ["ssh-keygen", "-Y", "sign", "-q", "-n", "git", "-f", os.fspath(key_of(tmp_path, ICHIRO)), os.fspath(tmp_path / "statement")]
    subprocess.run(command, check=True, capture_output=True)
    signer = approvers.find(approvers.load_approvers(tmp_path / "approvers.toml"), ICHIRO[0], REF.list)
    with pytest.raises(SignatureError):
        signature.verify(given.statement(), (tmp_path / "statement.sig").read_text("utf-8"), signer)


def test_even_who_has_the_key_of_the_log_cannot_sign_for_an_approver(tmp_path: Path, home: Installation) -> None:
    """The account that sends holds the key of the log; it still cannot approve."""
    given = approve(home, ICHIRO[0], key=key_of(tmp_path, ICHIRO))
    forged = replace(given, approver=MAKOTO[0])
    audit_log.append(home.database, forged.event(), now=home.clock())
    refused(home, "signature is not that of 高橋 誠")
    audit_log.append(home.database, replace(given, signature="").event(), now=home.clock())
    refused(home, "signature is not that of 鈴木 一郎")


def test_an_approver_who_was_taken_out_of_the_file_has_approved_nothing(tmp_path: Path, home: Installation) -> None:
    approve(home, ICHIRO[0], key=key_of(tmp_path, ICHIRO))
    write_approvers(tmp_path / "approvers.toml", entry(MAKOTO, key_of(tmp_path, MAKOTO)))
    refused(home, "not in approvers.toml")


def test_the_sender_asks_its_own_repository_who_wrote(tmp_path: Path, home: Installation) -> None:
    """An author approves with a repository in which somebody else seems to have written: the sender does not believe it."""
    forged = repository(tmp_path / "forged", by=MAKOTO)
    given = approve(home, HANAKO[0], key=key_of(tmp_path, HANAKO), content=forged.content)
    assert given.author == MAKOTO[0]
    refused(home, "does not have commit")
    lie = replace(given, commit=Editors(tmp_path).git("rev-parse", "HEAD").strip())
    config = home.context.config
    bound = fingerprint.digests(bundle.read_issue(home.root, REF), bundle.read_lists(home.root)[REF.list], config, lie.commit)
    lie = replace(lie, parts=bound, bundle=fingerprint.fingerprint(bound))
    signer = approvers.find(approvers.load_approvers(tmp_path / "approvers.toml"), HANAKO[0], REF.list)
    signed = replace(lie, signature=signature.sign(lie.statement(), signer, key_of(tmp_path, HANAKO)))
    audit_log.append(home.database, signed.event(), now=home.clock())
    refused(home, "佐藤 花子 wrote or committed something")


def test_a_key_in_the_home_folder_or_in_the_agent_is_found(tmp_path: Path, home: Installation, agent: Path) -> None:
    subprocess.run(["ssh-add", "-q", os.fspath(key_of(tmp_path, ICHIRO))], check=True, capture_output=True)
    assert approve(home, ICHIRO[0]).signature
    subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True)
    key(tmp_path / "nobody/.ssh", "id_ed25519")
    for suffix in ("", ".pub"):
        (tmp_path / f"nobody/.ssh/id_ed25519{suffix}").write_bytes(key_of(tmp_path, ICHIRO).with_name(f"ichiro{suffix}").read_bytes())
    assert approve(home, ICHIRO[0]).signature


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An ssh-agent of our own."""
    socket = tmp_path / "a"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", os.fspath(socket)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    monkeypatch.setenv("SSH_AUTH_SOCK", os.fspath(socket))
    yield socket
    process.terminate()
    process.wait()


def test_each_entry_of_the_log_is_noted_beside_the_journals(home: Installation, tmp_path: Path) -> None:
    given = approve(home, ICHIRO[0], key=key_of(tmp_path, ICHIRO))
    (entry_,) = audit_log.entries(home.database)
    assert granted.Approval.from_entry(entry_) == replace(given, number=1)
    anchors.note(anchors.path_of(home.context.config), entry_)
    (anchor,) = anchors.read(anchors.path_of(home.context.config))
    assert (anchor.number, anchor.hash) == (1, entry_.hash)
