"""All networks at once, through the outbox and the real adapters: whatever goes wrong at each, an announcement is there once, or uncertain by name."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from channels.adapters import open_adapter
from channels.adapters.web_push import public_key
from channels.outbox.outbox import PostState
from mailer.database.push import push_subscriptions
from mailer.database.push.push_subscriptions import PushSubscription
from tests.samples.announcing.announcements import MOMENT, announcement
from tests.samples.announcing.outboxes import ENVIRON, Office, office
from tests.samples.mail.databases import with_tables
from tests.servers.networks.cases import CASES, VAPID, Case, outside
from tests.servers.networks.push_service import FakePushService
from tests.servers.networks.trouble import FakeNetwork, Trouble

PATIENT = 60.0
BLIND = {"slack", "teams", "line-works"}
Networks = dict[str, tuple[Case, FakeNetwork]]


async def _enter(stack: AsyncExitStack) -> Networks:
    return {case.name: (case, await stack.enter_async_context(case.fake())) for case in CASES}


def _open(here: Office, networks: Networks) -> Office:
    """Open the adapters anew, as after a restart, with the outbox's own subscriptions."""
    given = {}
    for channel in here.settings.channel:
        case, fake = networks[channel.name]
        subscriptions = here.outbox.push_subscriptions(here.clock)
        given[channel.name] = open_adapter(channel, SecretStr(case.secret(fake)), replace(outside(fake), subscriptions=subscriptions))
    return replace(here, adapters=given)


def _subscribe(here: Office, service: FakePushService) -> None:
    for browser in service.subscribe(3):
        wish = PushSubscription(browser.endpoint, browser.p256dh, browser.auth, public_key(VAPID))
        push_subscriptions.subscribe(here.outbox.opened.database, wish, MOMENT)


async def _work(here: Office, networks: Networks) -> None:
    await _open(here, networks).worker().run(takes_in=False, stops_when_idle=True)


@pytest.mark.parametrize(
    "trouble",
    [Trouble.DROPPED, Trouble.FAILS, Trouble.BUSY_SECONDS],
    ids=lambda each: each.name,
)
def test_an_announcement_is_on_every_network_once_whatever_went_wrong_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Trouble
) -> None:
    for case in CASES:
        monkeypatch.setitem(ENVIRON, f"TODOKE_CHANNEL_{case.name.upper().replace('-', '_')}", "given by the test")

    async def run() -> None:
        async with AsyncExitStack() as stack:
            networks = await _enter(stack)
            channels = [case.channel(fake, name, PATIENT) for name, (case, fake) in networks.items()]
            with office(with_tables(f"sqlite:///{tmp_path / 'x.db'}"), tmp_path, channels) as here:
                service = networks["web-push"][1]
                assert isinstance(service, FakePushService)
                _subscribe(here, service)
                here.enter(announcement())
                for _, fake in networks.values():
                    fake.trouble = trouble
                await _work(here, networks)
                for _, fake in networks.values():
                    fake.trouble = Trouble.NONE
                for _ in range(3):
                    here.clock.pass_(minutes=2)
                    await _work(here, networks)
                for name, (_, fake) in networks.items():
                    _assert_once(here, name, fake)

    asyncio.run(run())


def _assert_once(here: Office, name: str, fake: FakeNetwork) -> None:
    (state,) = here.states(name)
    seen = fake.published()
    whole = {"web-push": 3, "websub": 2}.get(name, 1)
    if state is PostState.UNKNOWN:
        assert name in BLIND, name
        assert len(seen) <= 1
        return
    assert state is PostState.SENT, (name, state)
    assert len(seen) == whole, (name, seen)
