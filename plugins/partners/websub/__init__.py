"""WebSub, as a subscriber (W3C Recommendation WebSub): a hub tells us that a feed has changed, so that its news come within seconds, not within the hour.

It is an addition: feeds are polled as before, since hubs forget. Nothing that a hub sends becomes content. Its message only makes us fetch the feed from the
partner's own server, with all guards of ``update``.

1. ``subscription.Subscription``: what is remembered of one feed's subscription, and ``Subscriptions``, the file of all of them (with secrets: mode 0600).
2. ``requests.request``: asks a hub to begin or to end a subscription. Raises ``FetchError``, ``RefusedAddressError``.
3. ``receiver.create_app``: the ASGI application to which hubs send.
4. ``service.Service``: renews what runs out, and fetches what hubs name.
"""
