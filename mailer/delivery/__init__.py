"""How claimed rows become delivered mail: engine, connection workers, domain queues, journal, retry.

1. `feeder` (or a job of the worker) asks the `engine` to claim a `batch` of an issue (`claimer`); its `journal` is made first.
2. The batch's rows go into a `domain_queue`. `connections` (a worker for each SMTP connection) take them from there.
3. For each row a worker renders the message (`composer`), writes the intent into the journal and lets the body leave.
4. `retry` decides what the relay's reply means. The result goes into the journal at once and by the `recorder` into the ledger, in groups.
5. `leases` keeps the claims alive meanwhile, and `recovery` settles what a killed process has left behind.
"""
