"""The whole way from a commit to readers, in one run (`todoke publish`) or without an end (``--follow``).

1. `checkout` brings the commit into a working checkout of its own.
2. `commands` runs `todoke build` there, as a process of its own, without secrets in its environment: the settings file of a branch is code.
3. `run` makes the release of the result (`publisher.release`) and brings it to every mirror (`publisher.targets.delivery`).
4. `live` fetches pages from the mirrors, and says where readers see the release.
5. `handover` gives to the mailer what may be sent and whose page the first mirror shows; `announcements` writes down what became public.

`run` does all steps under one `lock`, with one `log`, and returns a `report`. `follow` decides when: `moments` says when something begins or ends.
A step can be repeated after any interruption: what is done already is found done.
"""
