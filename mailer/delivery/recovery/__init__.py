"""What to do about the past, before anything is sent.

`recover` settles what killed processes of this machine, and dead machines, have left: it reads their journals (`replay`). `restored`
notices a ledger that is older than what was sent (`sent_log` keeps what left), and refuses it; `adopt` and `take_over` are the operator's answers.
"""
