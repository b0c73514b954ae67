"""The values that all parts of the importer share. It hides how addresses, dates and titles of strangers are made comparable and harmless. Pure.

``config.read_settings`` reads ``publications.toml`` (raises ``ConfigError``) into ``config.Settings`` and ``config.FeedConfig``; ``parsed`` has ``ParsedFeed`` and ``ParsedEntry``;
``dates``, ``text`` and ``urls`` have functions of values; ``errors.PartnersError`` is the family of all exceptions that the importer raises on purpose.
"""
