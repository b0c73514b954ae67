"""The outbox of announcements: what is posted on which channel, and what became of it. `channels.outbox` is its only reader.

states        the states of one post and every step between them. Pure
transitions   every statement that writes a state
posts         entering, claiming, results, orders
channel_leases  which process posts to a channel: lease, fence, pause, circuit breaker
door          opens the database for `channels`, and says what else it needs to know: issues that were sent, the right to send
"""
