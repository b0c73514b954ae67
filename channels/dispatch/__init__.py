"""Posts what is in the outbox. Each channel is a task of its own: a dead network holds up its own posts and nothing else.

attempt   one post and one adapter: which of its methods, and in which order
retry     what follows from an answer: when to try again, when to stop trying. Pure
channel   the task of one channel: lease, claim, try, result
intake    the folder of announcements → rows of the outbox
releases  which pages are public, by what the publisher writes down
worker    all of them together
"""
