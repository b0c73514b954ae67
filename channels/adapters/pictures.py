"""A picture's bytes for an upload. A picture that cannot be had holds up no news: the post goes without it, and the log says so."""

from __future__ import annotations

import asyncio
import logging

import regular_file
from channels.model import Picture, Refused

logger = logging.getLogger(__name__)


async def read_picture(picture: Picture, most: int, name: str) -> bytes | Refused:
    """Return the bytes of a picture. `Refused`: it is gone, or larger than ``most``, what the network takes; ``name`` is the channel's."""
    try:
        content = await asyncio.to_thread(regular_file.read_bytes, picture.path)
    except OSError as error:
        return Refused(f"{name}: {picture.path.name}: {error.strerror or 'cannot be read'} / 画像が読めません")
    if len(content) > most:
        return Refused(f"{name}: {picture.path.name} is larger than {most // 1000} kB / 画像が大きすぎます")
    return content


def leave_out(picture: Picture, refusal: Refused) -> None:
    """Say that a post goes without a picture."""
    logger.warning("posted without the picture %s: %s", picture.path.name, refusal.reason)
