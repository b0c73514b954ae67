"""The rows of what is announced, through the one door to the mailer's database. No other package of `channels` sees the mailer.

planning  an announcement, its channels, and what was posted before → what to enter. Pure
outbox    asks and writes the rows
push_subscriptions  the browsers that want to be told by Web Push
right     whether this site may announce anything: the right to send, and a database that was restored
"""
