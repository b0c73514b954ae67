"""What a stranger can do to the receiver: nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.partners.websub.receiver import create_app
from plugins.partners.websub.subscription import Subscriptions, new_subscription
from tests.plugins.partners.test_update import NOW
from tests.plugins.partners.websub.test_service import CALLBACK


@settings(
    derandomize=True, max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "PUT", "HEAD"]),
            st.sampled_from(["token", "nobody", "../etc", "%00"]),
            st.dictionaries(
                st.sampled_from(["hub.mode", "hub.topic", "hub.challenge", "hub.lease_seconds", "hub.reason", "x"]), st.text(max_size=8)
            ),
            st.binary(max_size=40),
            st.sampled_from(["", "sha1=", "sha256=00", "md5=x", "=", "sha512"]),
        ),
        max_size=5,
    )
)
def test_no_request_of_a_stranger_changes_a_subscription_or_breaks_the_receiver(
    tmp_path: Path, requests: list[tuple[str, str, dict[str, str], bytes, str]]
) -> None:
    async def go() -> None:
        subscriptions = Subscriptions(tmp_path / "s.json", {})
        subscription = replace(
            new_subscription("hama", "https://hub.example/", "https://hama.example/topic", NOW, lambda: "token"), secret="s"
        )
        subscriptions.put(subscription)
        named: list[str] = []
        transport = httpx.ASGITransport(create_app(subscriptions, named.append, lambda: NOW))
        async with httpx.AsyncClient(transport=transport) as client:
            for method, token, query, body, signature in requests:
                headers = {"X-Hub-Signature": signature} if signature else {}
                answer = await client.request(method, f"{CALLBACK}/websub/{token}", params=query, content=body, headers=headers)
                assert answer.status_code < 500
        assert named == [] and subscriptions.by_token == {"token": subscription}

    asyncio.run(go())
