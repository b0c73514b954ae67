"""Name lookup that hands the connector allowed addresses only.

aiohttp connects to exactly what its resolver returns, so a name that points elsewhere a moment later (DNS rebinding)
gains nothing. A new inner resolver must pass ``test_partners_address``.
"""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from .address import AddressRules, check_address
from .errors import RefusedAddressError


class GuardedResolver(AbstractResolver):
    """Asks ``inner`` and leaves out every address that ``rules`` refuse."""

    def __init__(self, inner: AbstractResolver, rules: AddressRules) -> None:
        """Keep the resolver that really asks, and the rules."""
        self._inner = inner
        self._rules = rules

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the allowed addresses of ``host``. Raises RefusedAddressError when none is, OSError when there is none."""
        found = await self._inner.resolve(host, port, family)
        allowed = [result for result in found if self._allows(result["host"])]
        if found and not allowed:
            raise RefusedAddressError(host, f"→ {found[0]['host']} 公開のアドレスではありません / not a global address")
        return allowed

    def _allows(self, address: str) -> bool:
        try:
            check_address(address, self._rules)
        except RefusedAddressError:
            return False
        return True

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()
