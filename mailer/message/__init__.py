"""An issue and a recipient → the bytes of one message.

`compose` builds one message with Python's `email`; `headers` keeps its headers safe, `alternatives` sets its parts, `links` signs the
recipient's own links and return path. `compiled` does this once for an issue and renders every other message from the result.
"""
