"""`todoke subscribers`: one reader at a time."""

from __future__ import annotations

from typing import Annotated

import typer

from mailer.cli.readers.reading import subscriber_of
from mailer.cli.runtime import CONFIG, ConfigPath, check_address, command_session, open_for_command, say
from mailer.config.file import load_config
from mailer.database.readers import subscriptions
from mailer.model.errors import AddressError


def revoke_links(
    reader: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Whose links: the number that `find` shows. An address is read too. 購読者の番号")
    ],
    config: ConfigPath = CONFIG,
) -> None:
    """Make every link in a subscriber's mails so far useless; the next mail has new ones. 届いたメールのリンクを無効にする"""
    with command_session():
        is_number = reader.isascii() and reader.isdigit()
        address = "" if is_number else check_address(reader)
        with open_for_command(load_config(config)) as database:
            subscriber_id = subscriber_of(database, int(reader)).subscriber_id if is_number else subscriptions.find(database, address)
            if subscriber_id is None:
                raise AddressError(address, "no subscriber has this address")
            subscriptions.revoke_links(database, subscriber_id)
        say(
            f"Subscriber {subscriber_id}: older links are revoked; the next mail has new ones. これまでのリンクを無効にしました。次のメールから新しくなります。"
        )
