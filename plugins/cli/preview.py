"""`todoke preview`: parse and serve. What builds is imported when the command runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from plugins.cli.console import Content, Now, Toml, moment, require, say

_SWITCH_INTERVAL = 0.0005
"""Seconds that the thread of a build may keep the interpreter while a saved page waits to be shown. Python's default is ten times as long."""


def preview(
    port: Annotated[int, typer.Option(min=1, max=65535, help="見せる場所。 Port on 127.0.0.1.")] = 8000,
    now: Now = None,
    content: Content = Path("content"),
    publications: Toml = Path("publications.toml"),
    output: Annotated[Path, typer.Option(help="下見のためのフォルダー。 Folder for the preview's own output.")] = Path("var/preview"),
) -> None:
    """サイトと号を、書きながら見ます。 Show site and issues while you write; every change is built at once."""
    import uvicorn

    from plugins.builder.options import BuildOptions
    from plugins.files import make_private_folder
    from plugins.preview.live import LivePreview
    from plugins.preview.server import create_app

    options = BuildOptions(
        moment(now),
        content,
        publications,
        output.absolute(),
        site_url=f"http://127.0.0.1:{port}",
        validate_mail=False,
        shows_drafts=True,
        wait=5,
    )
    require(publications, options.settings, folder=content)
    make_private_folder(output)  # it shows drafts
    sys.setswitchinterval(_SWITCH_INTERVAL)
    say(f"下見 Preview: http://127.0.0.1:{port}/-/   止めるには Ctrl-C")
    uvicorn.run(
        create_app(LivePreview(options, (content, publications, Path("themes")))),
        host="127.0.0.1",
        port=port,
        access_log=False,
        log_level="warning",
    )
