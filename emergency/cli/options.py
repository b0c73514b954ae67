"""The options that the commands share, and their clock."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

JAPAN = ZoneInfo("Asia/Tokyo")

File = Annotated[Path, typer.Argument(metavar="FILE", help="The source of the notice, below content/. お知らせの原稿")]
First = Annotated[str, typer.Option("--as", metavar="NAME", help="Who sends it out. 出す人")]
Second = Annotated[str, typer.Option("--second", metavar="NAME", help="Who has read it too: then there is no hold. もう一人が確かめたとき")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show every form, and what would go where. 何がどこへ出るかだけを示す")]
Seconds = Annotated[
    float, typer.Option("--for", min=5, max=86_400, help="Seconds after which nothing is tried again. あきらめるまでの秒数")
]
Config = Annotated[Path, typer.Option("--config", help="Where releases go. 公開先の設定")]
Mailer = Annotated[Path | None, typer.Option("--mailer", help="The mailer's settings; default: those that publish.toml names. 配信の設定")]
Content = Annotated[Path, typer.Option("--content", help="The folder of the sources. 原稿のフォルダー")]
Output = Annotated[
    Path | None, typer.Option("--output", help="The built site; default: that of publish, or output. できあがりのフォルダー")
]
Format = Annotated[Literal["text", "json"], typer.Option("--format", help="json: for other programs. 機械向け")]

CONFIG, CONTENT = Path("publish.toml"), Path("content")
FOLDER = Path("var/emergency")
"""What the programs say, and the forms of a dry run; below the folder of ``publish.toml``."""

EX_LATE = 3
"""Exit status when the notice is out, and at least one way is late or has failed."""

EX_STOPPED = 130
"""Exit status after Ctrl-C, as the shell has it."""


def now() -> dt.datetime:
    """The wall clock, in Japan's zone."""
    return dt.datetime.now(JAPAN)
