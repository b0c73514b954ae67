"""The mailer's part of an emergency. `todoke emergency confirm` opens no database and loads nothing of one: people wait for it."""

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


def record(
    folder: Annotated[Path, typer.Argument(help="What todoke emergency has kept: var/emergency/people. 控えのフォルダー")],
    config: Annotated[Path, typer.Option("--config", help="The mailer's settings. 設定ファイル")] = CONFIG,
) -> None:
    """Write into the audit log who sent notices out, and delete what is written. Part of `emergency publish`. 出した人を監査の記録へ

    May be repeated: what the log has is not written twice. A file that cannot be read is named and stays; the others go on.
    """
    from mailer.approval import sent_notices  # a database: not for `confirm`
    from mailer.cli.runtime import command_session, now, open_for_command, report_error, say
    from mailer.cli.screen.japanese import in_both_languages

    with command_session():
        files = sorted(folder.glob("*.json"))
        if not files:
            say("Nothing is kept. 控えはありません。")
            return
        settings, failed = load_config(config), 0
        with open_for_command(settings) as database:
            for file in files:
                try:
                    sent = sent_notices.read(file)
                except TodokeMailError as error:
                    report_error(in_both_languages(error))
                    failed += 1
                    continue
                sent_notices.record(database, sent, now())
                file.unlink(missing_ok=True)
        say(f"{len(files) - failed} in the audit log. 監査の記録に書きました。")
        if failed:
            raise typer.Exit(1)
