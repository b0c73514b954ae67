"""Looks at published mirrors from somewhere else, and says so when what they serve is not what was released.

1. `fetch` gets one address over IPv4 or IPv6. 2. `trust` reads from a mirror which release is signed (TUF, minisign): the keys come from the
configuration, never from the mirror. 3. `judge` compares an answer with it. 4. `watch` decides what is fetched when, and when a suspicion is a finding:
two tries, and proof that the answer came from the mirror and not from a network in between. 5. `alarm` sends mail and webhook, and keeps evidence;
`status` writes the page and the metrics.

The package knows nothing of the program that publishes, and needs the standard library, cryptography and tuf only.
"""
