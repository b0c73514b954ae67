"""One notice goes out by every way at once, and no way waits for another.

It starts the commands of the other parts as processes of their own and reads what they say, one line of JSON for each result; it imports none of them.

1. `hold` gives the person on duty 60 seconds to think better of it, unless two people are named.
2. `ways.site` puts the notice on the built site (`todoke emergency write`): first what helps most, then the banner of every other page.
3. `ways.mirrors` signs and brings what changed to every mirror (`todoke emergency release`), a process for each.
4. `ways.mail` sends the mail (`todoke send`), as soon as one mirror shows the page, or without waiting longer than a few seconds.
5. `run` starts them, tries again what failed until the time is over, and reports which is done, late or failed, and why. It may be killed and run again:
   each command finds done what is done.
6. `outside` fetches what is live, for `todoke emergency status`.
"""
