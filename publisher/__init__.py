"""From ``output/site/`` to the public, provably: the package hides how a built site becomes a signed release and reaches every mirror.

1. `release` takes a picture of the site: objects by content in a store, a manifest of every file, signatures over it (minisign and TUF).
2. `targets` bring a release to a mirror, so that a reader sees the old site or the new one, and say what each holds.
3. `pipeline` goes the whole way, from a commit to the mail that may go out, once or whenever something changes.
4. `proof` builds a release anew to compare it, and packs everything that proves it, for an auditor.
5. `cli` has the commands.

The package knows neither half's insides: it reads files of ``output/`` and ``publish.toml``, and runs their commands.
"""
