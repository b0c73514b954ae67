"""HTTP for the importer. It hides how one document is asked for politely (throttle, robots.txt, validators) and with suspicion (SSRF, caps).

1. ``addresses.AddressRules`` say where a connection may go; ``addresses.UrlOverride`` sends a rehearsal to another server.
2. ``client.open_client`` opens the one client of a run: ``client.RequestOptions``, ``client.Limits``.
3. ``robots.Robots.refusal`` returns why an address may not be fetched, or None.
4. ``assets.AssetFetcher`` fetches pictures and files, ``fetch.fetch`` any document: it returns ``Fetched`` or ``Failure``; it never raises for what a server does. ``body.MemoryBudget`` bounds the bodies that are in memory.

Everything else here is for this folder. ``RefusedAddressError`` and ``FetchError`` (``model.errors``) leave only ``addresses.check_url`` and ``fetch.follow_redirects``.
"""
