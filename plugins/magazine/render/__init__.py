"""One composition → page, HTML mail, text, light text."""
