"""`todoke emergency confirm`: the mailer's part of an emergency. It opens no database and loads nothing of one: people wait for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mailer.approval import two_people
from mailer.config.file import load_config
from mailer.config.settings import ApprovalRules
from mailer.model.errors import TodokeMailError

CONFIG = Path("mailer.toml")


def confirm(
    notice: Annotated[Path, typer.Argument(help="The source of the notice. お知らせの原稿")],
    first: Annotated[str, typer.Option("--as", metavar="NAME", help="Who sends it out. 出す人")],
    second: Annotated[str, typer.Option("--second", metavar="NAME", help="Who has read it too. もう一人")],
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="The second person's private SSH key. 二人目の秘密鍵")] = None,
    config: Annotated[Path, typer.Option("--config", help="The mailer's settings. 設定ファイル")] = CONFIG,
) -> None:
    """Say whether two people agree to a notice, by the rules of approvals. Part of `emergency publish`. 二人の確認

    With approvers.toml both must be in it, and with identity = "key" the second one signs. Without mailer.toml the names are compared, and nothing else.
    """
    try:
        rules = load_config(config).approval if config.exists() else ApprovalRules(approvers=config.parent / "approvers.toml")
        agreed = two_people.agree(rules, notice, first, second, key)
    except TodokeMailError as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(1) from None
    needs = {"default": rules.default == "required", "lists": {key: rule == "required" for key, rule in rules.lists.items()}}
    record = {
        "first": agreed.first,
        "second": agreed.second,
        "sha256": agreed.sha256,
        "signature": agreed.signature,
        "needs_approval": needs,
    }
    typer.echo(json.dumps(record, ensure_ascii=False))
