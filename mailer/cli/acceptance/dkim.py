"""`todoke dkim`: make the keys that sign messages, show what belongs into the DNS, change the key."""

from __future__ import annotations

from typing import Annotated

import typer

from mailer.cli.runtime import CONFIG, ConfigPath, command_session, notify, now, say, wrong_usage
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.message.dkim import keys, records
from mailer.model.errors import DkimError

MaybeDomain = Annotated[str | None, typer.Argument(metavar="[DOMAIN]", help="Only this domain of [dkim]; else all. このドメインだけ")]
WAIT_DAYS = 7
"""Days for which the old record stays: as long as relays may try a message again (RFC 5321 section 4.5.4.1 has five), and readers fetch it."""


def new_key(
    domain: MaybeDomain = None,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Give the selector that does not sign now another key. 待っているほうの鍵を作り直す")
    ] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Make the DKIM keys that are missing, in files that only you can read, and show their DNS records. DKIMの鍵を作る"""
    with command_session():
        settings = load_config(config)
        for each in _domains(settings, domain):
            if waiting:
                new: tuple[str, ...] = (keys.renew_waiting(settings.dkim, each, now()),)
            else:
                new = keys.make_missing(settings.dkim, each)
            names = ", ".join(new)
            say(
                f"{each}: a new key for {names}. 鍵を作りました。"
                if new
                else f"{each}: both keys are there; nothing was changed. 鍵はもうあります。"
            )
            _print_records(settings, each)
        notify(
            "Publish these records, wait until `todoke doctor` finds them, and restart what runs. "
            "DNSに登録し、todoke doctor で見えてから、動いているものを起動し直してください。"
        )


def show_records(domain: MaybeDomain = None, config: ConfigPath = CONFIG) -> None:
    """Show the DNS records of both selectors, ready to copy. DNSに登録する内容を示す"""
    with command_session():
        settings = load_config(config)
        for each in _domains(settings, domain):
            _print_records(settings, each)


def rotate(
    domain: Annotated[str, typer.Argument(help="A domain of [dkim]. ドメイン")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which selector would sign; change nothing. 試すだけ")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Sign with the other selector from now on. Its record must have been in the DNS for a day. 鍵を切りかえる"""
    with command_session():
        settings = load_config(config)
        (each,) = _domains(settings, domain)
        if dry_run:
            old, new = keys.active_selector(settings.dkim, each), keys.waiting_selector(settings.dkim, each)
            say(f"{each}: {old} signs; {new} would sign. Nothing was changed. いま {old}、切りかえると {new} です。")
            return
        old, new = keys.rotate(settings.dkim, each)
        say(f"{each}: {new} signs from now on, {old} no more. Restart what runs. {new} に切りかえました。起動し直してください。")
        notify(
            f"Leave the record of {old} for {WAIT_DAYS} days: mail that it signed is still on its way. Then: todoke dkim new --waiting {each} "
            f"{old} の登録は{WAIT_DAYS}日間残してください。"
        )


def _domains(settings: Config, domain: str | None) -> tuple[str, ...]:
    """Return the domains to act on. Ends with status 2 if the one that was asked for is not in the settings."""
    if not settings.dkim.domains:
        raise DkimError(
            f'{settings.path} has no [dkim] domains: a relay signs, or nobody. To sign here, write [dkim] and domains = ["…"] with the domain of From. '
            "設定ファイルに [dkim] がありません。"
        )
    if domain is None:
        return settings.dkim.domains
    if domain.lower() not in settings.dkim.domains:
        wrong_usage(f"{domain} is not in [dkim] domains of {settings.path}. 設定ファイルの [dkim] にないドメインです。")
    return (domain.lower(),)


def _print_records(settings: Config, domain: str) -> None:
    active = keys.active_selector(settings.dkim, domain)
    for selector, key in keys.all_keys(settings.dkim, domain).items():
        typer.echo(f"; {selector}: {'signs now 署名中' if selector == active else 'waits 待機'}")
        typer.echo(records.zone_line(key))
