"""Turns one source file into a resolved document: `parser` calls `source`, `markdown`, `directives`, `links` and `attachments` in turn."""
