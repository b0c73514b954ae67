"""Ask a hub to begin or to end a subscription (section 5.1). The hub's address comes from a stranger's feed, so it is guarded like a feed's."""

from __future__ import annotations

from typing import Literal

import aiohttp
from yarl import URL

from plugins.partners.http.addresses import AddressRules, check_url
from plugins.partners.http.client import Deadline, HttpClient, Limits
from plugins.partners.http.fetch import connection_words
from plugins.partners.model.errors import FetchError
from plugins.partners.websub.subscription import LEASE, Subscription

REPEATED = frozenset({307, 308})
"""A hub may redirect the request to another address (section 5.1.1). Other redirects would make a GET of it (RFC 9110, section 15.4)."""


async def request(
    client: HttpClient,
    subscription: Subscription,
    callback: str,
    mode: Literal["subscribe", "unsubscribe"],
    rules: AddressRules,
    limits: Limits,
) -> None:
    """Send the request. Raises FetchError and RefusedAddressError; a good answer (202, or any 2xx) only means that the hub will verify it."""
    form = {"hub.mode": mode, "hub.topic": subscription.topic, "hub.callback": callback}
    if mode == "subscribe":
        form["hub.lease_seconds"] = str(int(LEASE.total_seconds()))
        if subscription.secret:
            form["hub.secret"] = subscription.secret
    try:
        await _post(client, subscription.hub, form, rules, limits)
    except TimeoutError as error:
        raise FetchError(f"{subscription.hub}: 時間内に返事がありません / the hub timed out") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchError(f"{subscription.hub}: {connection_words(error)}") from error


async def _post(client: HttpClient, hub: str, form: dict[str, str], rules: AddressRules, limits: Limits) -> None:
    target, deadline = check_url(hub, rules), Deadline(limits.total)
    for _ in range(limits.redirects + 1):
        if "hub.secret" in form and target.scheme != "https" and hub.startswith("https://"):
            raise FetchError(f"{hub}: ハブが暗号のないアドレスへ転送しました / the hub redirects to an address without TLS")
        async with client.post(target, form, deadline) as response:
            if response.status not in REPEATED:
                if not 200 <= response.status < 300:
                    raise FetchError(f"{hub}: ハブが断りました / the hub refused: HTTP {response.status}")
                return
            location = response.headers.get("Location", "")
        target = check_url(str(target.join(URL(location))), rules)
    raise FetchError(f"{hub}: 転送が多すぎます / more than {limits.redirects} redirects")
