"""The furigana edition: a copy of every page with readings."""
