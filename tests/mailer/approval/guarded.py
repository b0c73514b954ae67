"""An installation whose lists need an approval, and somebody who gives it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mailer.approval import approval
from mailer.approval.granted import Approval
from mailer.config.settings import ApprovalRules
from mailer.model.issue import IssueRef
from tests.samples.mail.mail_bundles import REF, Installation, installation

STATED = {"identity": "name", "authors": "stated"}


def guarded(folder: Path, port: int, readers: int = 3, **rules: Any) -> Installation:
    """By default people are taken at their names, and the author is stated."""
    home = installation(folder, port, readers=readers)
    options = {"approvers": folder / "approvers.toml", "content": folder / "content"} | (rules or STATED)
    config = replace(home.context.config, approval=ApprovalRules("required", **options))
    return replace(home, context=replace(home.context, config=config))


def approve(
    home: Installation,
    name: str = "鈴木 一郎",
    *,
    author: str = "佐藤 花子",
    key: Path | None = None,
    ref: IssueRef = REF,
    content: Path | None = None,
) -> Approval:
    """What `todoke approve` does."""
    config = home.context.config
    who = approval.candidate(config, ref, name, account="test", key=key)
    written = approval.authorship_of(config, home.database, home.root, ref, content=content, stated=author)
    return approval.approve(config, home.database, home.root, ref, who, written, now=home.clock())
