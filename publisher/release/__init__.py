"""A picture of the site, kept and signed: `scan` reads it, `store` keeps objects and releases, `minisign` and `tuf_metadata` sign, `make` joins them."""
