"""`todoke archive`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.runtime import CONFIG, ConfigPath, errors_on_one_line, load
from publisher.model.errors import PublisherError
from publisher.proof.wacz import write_wacz


def archive(
    number: Annotated[int, typer.Argument(help="Number of a release. 版の番号")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The WACZ file that is written. 作るファイル（.wacz）")],
    url: Annotated[
        str, typer.Option("--url", help="The site's public address; default: that of its build, or of the first mirror. サイトのアドレス")
    ] = "",
    config: ConfigPath = CONFIG,
) -> None:
    """Write a release as a web archive (WACZ), which archives keep and replay. 公開した版を保存用の形（WACZ）で書き出す"""
    with errors_on_one_line():
        settings, store = load(config)
        release = store.load(number).release
        mirrors = [mirror.url for mirror in settings.mirrors if mirror.url]
        site = url or (release.build.options.get("site-url", "") if release.build else "") or next(iter(mirrors), "")
        if not site.startswith(("https://", "http://")):
            raise PublisherError("no public address is known: give it with --url https://… / サイトのアドレスを --url で指定してください")
        if file.exists():
            raise PublisherError(f"{file}: is there already; nothing is overwritten / すでにあります")
        if not file.parent.is_dir():
            raise PublisherError(f"{file.parent}: there is no such folder / フォルダーがありません")
        length = write_wacz(store, release, site, file)
        typer.echo(f"{file}: release {number} as of {site}, {len(release.files):,} files, {length:,} bytes. 保存用のファイルを作りました")
