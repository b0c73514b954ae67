"""The ways out. Each is a coroutine that watches one process or several of the same kind, and tells `board.Board` how far it is."""
