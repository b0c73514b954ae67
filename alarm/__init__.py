"""Tells what the verifier finds: mail, webhook, evidence, a delivery that restores, a status page with history, metrics.

`verifier` looks at the mirrors and judges; nothing here can change what it finds.

1. `settings` reads the TOML file; `memory` keeps the findings from one run to the next.
2. `domains` asks when the registration of a domain ends.
3. `alarm` sends mail and webhooks, keeps evidence, and has mirrors mended; `words` are the names of findings in two languages.
4. `status` writes the status page and the metrics.
5. `run` does all of this after each look at the mirrors.

The package needs `verifier` and the standard library only.
"""
