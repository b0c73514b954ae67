"""`todoke preview`: parse and serve. What builds is imported when the command runs."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from plugins.cli.console import Content, Now, Toml, moment, require, say, stop

HOST = "127.0.0.1"
"""Only this machine."""

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
        site_url=f"http://{HOST}:{port}",
        validate_mail=False,
        shows_drafts=True,
        wait=5,
    )
    require(publications, options.settings, folder=content)
    make_private_folder(output)  # it shows drafts
    sys.setswitchinterval(_SWITCH_INTERVAL)
    app = create_app(LivePreview(options, (content, publications, Path("themes"))))
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        stop(
            f"ポート {port} を使えません（{error.strerror}）。--port でほかの番号を / port {port} cannot be used: choose another with --port"
        )
    say(f"下見 Preview: http://{HOST}:{port}/-/   止めるには Ctrl-C")
    # No log settings of uvicorn's own: its colours would be taken for somebody else's controls. Warnings come out as bare sentences.
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None, ws="none", proxy_headers=False))
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
