"""`todoke subscribers poster`: a sheet to pin up, with a QR code that leads to the sign-up form of a list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailer import bundle
from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, MailPath, command_session, say
from mailer.config.file import load_config
from mailer.model.errors import IssueUnknown, ServiceError
from mailer.site_file import read_site
from mailer.web.sign_up.poster import poster, qr_code, sign_up_address


def write_poster(
    key: Annotated[str, typer.Argument(metavar="LIST", help="The list, for example fukko-press. 配信先")],
    output: Annotated[Path, typer.Option("--output", help="The folder for the two files. できあがりのフォルダー")] = Path(),
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Write a sheet of A4 to print, and its QR code as a picture, for shelters and town halls. 申し込みの掲示とQRコードを作る"""
    with command_session():
        settings = load_config(config)
        lists, site = bundle.read_lists(mail), read_site(mail, settings.service_url)
        if key not in lists:
            raise IssueUnknown(f"There is no list {key!r}; there are: {', '.join(sorted(lists))}. その配信先はありません。")
        if site is None or not site.takes_sign_ups or key not in site.lists or not site.lists[key].is_open:
            raise ServiceError(
                f"Nobody can sign up for {key}: set `service` in [site] of publications.toml to the service_url of mailer.toml, leave `sign_up` of the "
                "list out, and build the site again. この配信先は、申し込みを受け付けていません。"
            )
        domain = settings.inbound.domain
        sheet = poster(lists[key], site, settings.service_url, f"{key}-subscribe@{domain}" if domain else "")
        address = sign_up_address(settings.service_url, key)
        files = {f"poster-{key}.html": sheet, f"qr-{key}.svg": qr_code(address, "申し込みのページのQRコード")}
        if not output.is_dir():
            raise ServiceError(f"{output} is no folder: make it first. フォルダーがありません。先に作ってください。")
        for name, content in files.items():
            (output / name).write_bytes(content)
        say(f"{output / f'poster-{key}.html'} and {output / f'qr-{key}.svg'} lead to {address}. ブラウザーで開いて、A4で印刷してください。")
