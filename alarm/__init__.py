"""Tells what the verifier finds: mail, webhook, evidence, a delivery that restores, a status page with history, metrics.

`verifier` looks and judges; nothing here can make it believe anything. `settings` reads the TOML file, `memory` keeps what was found from
one run to the
next, `domains` asks when domains end, `words` are what findings are called, `alarm` sends, keeps evidence and has mirrors mended,
`status` writes page and metrics, `run` does it all after
each look. It needs the package `verifier` and the standard library.
"""
