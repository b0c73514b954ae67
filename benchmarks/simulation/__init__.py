"""Random histories of several sites with copies of one database, on the protocol of `sending_right.protocol` itself.

1. `network` has the storages, which may be cut off from a site, and counts what each reader receives.
2. `site` is a database with its sender: it claims, records, sends, ends, crashes, is restored from a snapshot, and takes over.
3. `history` is one history: what happens in which order is drawn from its seed, so that the seed alone replays it.
4. `broken` has protocols with one mistake each: the simulation must find them.

``python -m benchmarks.simulation`` runs 100,000 of them and writes the report; ``--seed`` replays one, step by step.
"""
