"""From a frozen issue to a delivered message, one recipient at a time; hides databases, relays and what happens when either fails.

`bundle` reads `output/mail` and trusts nothing in it. `sending` freezes the issue and its recipients in one transaction. `delivery`
claims batches, lets `message` render each message and `smtp` send it, and records what became of it through `database`. `web` serves
the links in every message; `monitoring` shows how the sending goes; `approval` decides whether an issue may go out; `subscribers`
imports people; `cli` holds the commands. `model` has the values that all of them speak of. The site builder is not imported from here:
`output/mail` is all that the two share.
"""
