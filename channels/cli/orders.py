"""`todoke channels resolve`, `pause` and `resume`."""

from __future__ import annotations

from typing import Annotated

import typer

from channels.cli.announce import line_of
from channels.cli.runtime import CONFIG, ConfigPath, Person, actor, environ, errors_on_one_line, now, settings_of
from channels.destinations import destinations
from channels.outbox.outbox import PostState, open_outbox
from channels.settings import ChannelsError

Key = Annotated[str, typer.Argument(metavar="KEY", help="The post, as `todoke channels status` names it. 投稿の番号")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The channel. 告知先の名前")]
Sent = Annotated[bool, typer.Option("--sent", help="It is on the network. 出ていた")]
Again = Annotated[bool, typer.Option("--again", help="It is not: post it. 出ていないので、もう一度出す")]
GiveUp = Annotated[bool, typer.Option("--give-up", help="It is not, and shall not be posted. 出ていないが、もう出さない")]
Remote = Annotated[str, typer.Option("--remote", help="The network's identifier of it, so that it can be corrected later. その投稿のID")]
Why = Annotated[str, typer.Option("--why", help="For the audit log. 理由")]


def resolve(
    key: Key,
    sent: Sent = False,
    again: Again = False,
    give_up: GiveUp = False,
    remote: Remote = "",
    why: Why = "",
    person: Person = "",
    config: ConfigPath = CONFIG,
) -> None:
    """Say what became of a post of which nobody knows whether it is out; or let a refused one be tried again. 不明な投稿を決めます

    Look at the network first. It is written into the audit log.
    """
    chosen = [state for state, is_it in ((PostState.SENT, sent), (PostState.PENDING, again), (PostState.FAILED, give_up)) if is_it]
    if len(chosen) != 1:
        typer.echo("Choose one: --sent, --again or --give-up. どれか一つを選んでください", err=True)
        raise typer.Exit(2)
    with errors_on_one_line():
        settings = settings_of(config)
        with open_outbox(settings.mailer, actor(person), environ()) as outbox:
            post = outbox.resolve(key, chosen[0], by=actor(person), now=now(), remote=remote, why=why)
            if post is None:
                there = outbox.find(key)
                raise ChannelsError(
                    f"{key} is {there.state.value}: nothing can be decided about it / その状態の投稿は決められません"
                    if there
                    else f"there is no post {key} / その番号の投稿はありません"
                )
            after = outbox.find(key)
            assert after is not None
            typer.echo(line_of(after, "text"))


def pause(name: Name, person: Person = "", config: ConfigPath = CONFIG) -> None:
    """Post nothing to a channel. What waits too long meanwhile is dropped and named. 告知先を止めます"""
    with errors_on_one_line():
        settings = settings_of(config)
        destinations(settings).only((name,))
        with open_outbox(settings.mailer, actor(person), environ()) as outbox:
            outbox.pause(name, by=actor(person), now=now())
    typer.echo(f"{name} is paused. 止めました。再開: todoke channels resume {name}")


def resume(name: Name, person: Person = "", config: ConfigPath = CONFIG) -> None:
    """Post to a channel again: after a pause, after a new key, or before the time that the program waits by itself. 告知先を再開します"""
    with errors_on_one_line():
        settings = settings_of(config)
        destinations(settings).only((name,))
        with open_outbox(settings.mailer, actor(person), environ()) as outbox:
            outbox.resume(name, by=actor(person), now=now())
    typer.echo(f"{name} goes on. 再開しました")
