"""The right to send: which of several sites with a copy of one database may send mail. The package hides how that is agreed without a clock.

The right is a numbered fence. It stands in the database, and in storages outside it as files that are created once and never change:

::

    fence/00000007                        who took fence 7: a random name, the site's, the time (for people)
    claims/00000007/0000000/0000000101-…  the batch 101 was claimed under fence 7: which issue, which readers
    ended/00000007/0000000/0000000101-…   what became of that batch: sent, unknown; all other readers of it have not been sent anything

1. A sender claims a batch in its database, creates the batch's file, and *then* looks for a higher fence, and for batches under its own fence
   that its database does not know: there is a second copy of it then. Only if there are none the first message leaves.
2. `todoke take-over` creates the file of the next fence, and *then* reads the batches. So of the two at least one sees the other.
3. What the taker reads, it marks in its database: sent, or unknown. Unknown messages are sent again by order of a person only.
4. Files of batches whose issues nobody would send any more, whichever database is restored, are removed (`mailer.delivery.right`).

`records` are the values and files; `protocol` has the steps as generators without I/O, and the decisions; `settings` the operator's storages; `register`
asks them. With several storages the
majority decides: any two majorities have one in common.
"""
