"""Looks at published mirrors from somewhere else, and finds what is not as it was released.

1. `fetch` gets one address over IPv4 or IPv6.
2. `trust` reads from a mirror which release is signed (TUF, minisign): the keys come from the configuration, never from the mirror.
3. `judge` compares an answer with the release.
4. `watch` decides what is fetched when, and when a suspicion is a finding: two tries, and proof that the answer came from the mirror and not from a
   network in between.

The package knows nothing of the program that publishes, nor of the package `alarm`, which tells what is found. It needs the standard library,
cryptography and tuf only, and has at most 600 lines of code, so that an auditor can read it in an hour.
"""
