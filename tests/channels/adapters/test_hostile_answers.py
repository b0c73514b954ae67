"""Whatever bytes a network answers with: every method of every adapter says something, raises nothing, and takes nothing without bounds for granted."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.adapters.line import LineAdapter
from channels.model import Deferred, Posted, Refused, Uncertain
from tests.channels.adapters.playing import picture
from tests.servers.networks.cases import CASES, POST, Case, another
from tests.servers.networks.push_service import FakePushService
from tests.servers.networks.trouble import FakeNetwork

NAMES = (
    "id", "url", "uri", "cid", "data", "meta", "did", "accessJwt", "blob", "error", "message", "detail", "type", "title", "value", "reply", "root",
    "phase", "errorCode", "text", "entities", "urls", "expanded_url", "deleted",
)  # fmt: skip
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.just("x" * 5000),
    st.sampled_from(["ExpiredToken", "failed", "duplicate"]),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)), max_leaves=15
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from(NAMES), VALUES).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    st.just(b"[" * 100_000),
    st.just(b'{"id":' + b"9" * 5000 + b"}"),
)
STATUSES = st.one_of(st.sampled_from([200, 201, 202, 204, 206, 400, 401, 403, 404, 409, 410, 429, 500, 503]), st.integers(200, 599))
FIELDS = st.dictionaries(
    st.sampled_from(
        ["Retry-After", "Location", "X-RateLimit-Reset", "x-rate-limit-reset", "X-Line-Request-Id", "x-line-accepted-request-id"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
    | st.sampled_from(["9" * 30, "1e9", "Fri, 99 Mar 99999 05:46:00 GMT"]),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@settings(max_examples=10)
@given(st.lists(st.tuples(STATUSES, FIELDS, BODIES), min_size=3, max_size=6))
def test_no_answer_of_a_network_is_too_strange(
    case: Case, tmp_path_factory: pytest.TempPathFactory, replies: list[tuple[int, dict[str, str], bytes]]
) -> None:
    asyncio.run(_ask_everything(case, tmp_path_factory.mktemp("pictures"), replies))


async def _ask_everything(case: Case, folder: Path, replies: list[tuple[int, dict[str, str], bytes]]) -> None:
    async with case.fake() as fake:
        if isinstance(fake, FakePushService):
            fake.subscribe(2)
        turn = iter(replies * 100)

        def say() -> web.Response:
            status, headers, body = next(turn)
            return web.Response(status=status, headers=headers, body=body, content_type="application/json")

        fake.script = say
        adapter: Any = case.open(fake)
        try:
            await _check(fake, adapter, folder)
        finally:
            await adapter.close()


async def _check(_fake: FakeNetwork, adapter: Any, folder: Path) -> None:
    post = another(POST, pictures=(picture(folder, "朝市"),), in_reply_to="at://did:plc:x/app.bsky.feed.post/3")
    answers = [await adapter.post(post), await adapter.edit("../1?x", post), await adapter.delete("../1?x")]
    if isinstance(adapter, LineAdapter):
        answers.append(await adapter.progress("a&b"))
    seen = await adapter.search(post)
    assert seen is None or isinstance(seen, Posted | Uncertain)
    for answer in answers:
        assert isinstance(answer, Posted | Deferred | Refused | Uncertain)
        told = answer.remote + answer.address if isinstance(answer, Posted) else answer.reason
        assert len(told) < 1200
        assert told.isprintable()
