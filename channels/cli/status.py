"""`todoke channels status`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module

import typer

from channels.cli.announce import line_of
from channels.cli.runtime import CONFIG, EX_LATE, ConfigPath, Format, actor, environ, errors_on_one_line, local, settings_of
from channels.outbox.outbox import ChannelState, Outbox, PostState, StoredPost, open_outbox
from channels.settings import AnyChannel, ChannelsError, WebPushChannel, secret_of

ATTENTION = (PostState.UNKNOWN, PostState.FAILED)


def status(chosen: Format = "text", config: ConfigPath = CONFIG) -> None:
    """Show what each channel has posted, what waits, and what nobody knows. 告知先ごとの様子

    Exit status 0: nothing needs a person; 3: a post is unknown or was refused, or a channel is paused.
    """
    with errors_on_one_line():
        settings = settings_of(config)
        with open_outbox(settings.mailer, actor(), environ(), writes=False) as outbox:
            needs_person = _print(outbox, settings.channel, chosen)
    if needs_person:
        raise typer.Exit(EX_LATE)


def _print(outbox: Outbox, channels: tuple[AnyChannel, ...], chosen: str) -> bool:
    counts, states = outbox.counts(), {state.channel: state for state in outbox.channels()}
    named = outbox.list_posts(states=ATTENTION)
    for channel in channels:
        numbers, state = counts.get(channel.name, {}), states.get(channel.name)
        browsers = _browsers(outbox, channel)
        typer.echo(_json(channel, numbers, state, browsers) if chosen == "json" else _line(channel, numbers, state, browsers))
    for post in named:
        typer.echo(line_of(post, chosen) if chosen == "json" else f"  {_named(post)}")
    return bool(named) or any(state.paused_at is not None for state in states.values())


def _browsers(outbox: Outbox, channel: AnyChannel) -> int | None:
    """How many browsers a channel of Web Push reaches. None: it is another channel, or its key cannot be read, which posting tells."""
    if not isinstance(channel, WebPushChannel):
        return None
    web_push = import_module("channels.adapters.web_push")
    try:
        return outbox.browsers(web_push.public_key(web_push.read_key(secret_of(channel, environ()).get_secret_value())))
    except (ChannelsError, ValueError):
        return None


def _line(channel: AnyChannel, numbers: Mapping[PostState, int], state: ChannelState | None, browsers: int | None) -> str:
    counted = ", ".join(f"{number} {name.value}" for name, number in sorted(numbers.items())) or "nothing yet まだありません"
    drill = " (drills 訓練用)" if channel.drill else ""
    reached = "" if browsers is None else f"; {browsers} browsers ブラウザー"
    return f"{channel.name} [{channel.kind.value}]{drill}: {counted}{reached}{_trouble(state)}"


def _trouble(state: ChannelState | None) -> str:
    if state is None:
        return ""
    if state.paused_at is not None:
        return f"; PAUSED 停止中 since {local(state.paused_at)} by {state.paused_by}: todoke channels resume {state.channel}"
    if state.open_until is not None:
        return f"; left alone until {local(state.open_until)} after {state.failures} failures しばらく待っています"
    return f"; worker {state.owner}" if state.is_held else ""


def _named(post: StoredPost) -> str:
    hint = f"todoke channels resolve {post.key}"
    return f"{post.state.value} {post.channel} {post.record} ({post.part}, {local(post.changed_at)}): {post.reason}\n    → {hint}"


def _json(channel: AnyChannel, numbers: Mapping[PostState, int], state: ChannelState | None, browsers: int | None) -> str:
    record: dict[str, object] = {"channel": channel.name, "kind": channel.kind.value, "drill": channel.drill}
    record |= {"counts": {name.value: number for name, number in sorted(numbers.items())}}
    if browsers is not None:
        record["browsers"] = browsers
    if state is not None:
        record |= {"paused_at": state.paused_at.isoformat() if state.paused_at else None, "paused_by": state.paused_by}
        record |= {"failures": state.failures, "open_until": state.open_until.isoformat() if state.open_until else None}
        record |= {"worker": state.owner if state.is_held else None}
    return json.dumps(record, ensure_ascii=False)
