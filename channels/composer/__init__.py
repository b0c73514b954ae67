"""The text of a post: as long as its network allows, cut where a reader would pause, the address last and whole. Pure.

lengths   how long a text is, as each network counts it
cutting   where a text may be cut: between phrases or words, never within an address or what a reader sees as one character
compose   an announcement → the post for one channel
"""
