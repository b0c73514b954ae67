"""One try of one post. A correction or withdrawal becomes whatever the network can: an edit, a deletion, or an answer with 訂正."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from channels.composer.compose import ALTERNATIVE
from channels.composer.cutting import cut
from channels.model import Adapter, Answer, Link, Picture, Post, Posted, Uncertain
from channels.outbox.outbox import ClaimedPost, PostState, StoredPost
from channels.outbox.planning import pictures_of
from channels.settings import AnyChannel


@dataclass(frozen=True, slots=True)
class Attempt:
    """``is_certain``: the answer says what the network has. False: an earlier try may have arrived, and this answer does not tell."""

    answer: Answer
    is_certain: bool = True


async def attempt(adapter: Adapter, claimed: ClaimedPost, channel: AnyChannel, site: Path, now: datetime) -> Attempt:
    """Bring a post to its network. An uncertain one is repeated under its key, or looked for first."""
    post, target = claimed.post, _target(claimed)
    wire = wire_post(post, site, in_reply_to=target.remote if target and adapter.traits.can_answer else None)
    if post.action != "post" and target is None and post.action != "change":
        return Attempt(Posted(""))  # there is nothing to put right
    if target is not None and (answer := await _change(adapter, post, target, wire, channel)) is not None:
        return Attempt(answer, is_certain=not claimed.was_unknown or isinstance(answer, Posted))
    if post.action == "amend":
        return Attempt(Posted(""))  # the record's own post answers it
    return await _post(adapter, claimed, wire, now)


async def _change(adapter: Adapter, post: StoredPost, target: StoredPost, wire: Post, channel: AnyChannel) -> Answer | None:
    """Edit or delete the post that this one is about. None: a post of its own is needed, too."""
    if post.action == "post":
        return None
    if adapter.traits.can_edit:
        return await adapter.edit(target.remote, wire)
    if channel.corrections == "delete" and adapter.traits.can_delete:
        answer = await adapter.delete(target.remote)  # may be repeated: one that is gone already is `Posted`
        return None if post.action == "change" and isinstance(answer, Posted) else answer
    return None


async def _post(adapter: Adapter, claimed: ClaimedPost, wire: Post, now: datetime) -> Attempt:
    if not claimed.was_unknown:
        return Attempt(await adapter.post(wire))
    if is_key_known(claimed.post, adapter, now):
        answer = await adapter.post(wire)
        return Attempt(answer, is_certain=isinstance(answer, Posted))
    if not adapter.traits.can_search:
        return Attempt(Uncertain("it may be on the network, and the network cannot be asked"), is_certain=False)
    seen = await adapter.search(wire)
    if seen is not None:
        return Attempt(seen, is_certain=isinstance(seen, Posted))
    return Attempt(await adapter.post(wire))


def is_key_known(post: StoredPost, adapter: Adapter, now: datetime) -> bool:
    """Whether the network still knows the key of the first try. A quarter of its time is left for clocks that differ and for the request itself."""
    life = adapter.traits.key_life
    return life is not None and post.first_tried is not None and now < post.first_tried + life * 0.75


def _target(claimed: ClaimedPost) -> StoredPost | None:
    target = claimed.target
    return target if target is not None and target.state is PostState.SENT and target.remote else None


def wire_post(post: StoredPost, site: Path, in_reply_to: str | None = None) -> Post:
    """The post as its adapter gets it: the same at every try."""
    content, language = post.content, str(post.content["language"])
    link = content["link"]
    pictures = tuple(Picture(site / each.path, each.media_type, _alternative(each.alternatives, language)) for each in pictures_of(content))
    return Post(
        UUID(post.key),
        str(content["text"]),
        language,
        post.moment,
        Link(str(link["address"]), str(link["title"]), str(link["description"])),
        pictures,
        post.is_urgent,
        in_reply_to,
    )


def _alternative(alternatives: Mapping[str, str], language: str) -> str:
    words = alternatives.get(language) or next(iter(alternatives.values()))
    return cut(words, lambda part: len(part) <= ALTERNATIVE, language)
