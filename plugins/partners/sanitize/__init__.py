"""A stranger's HTML → the few elements that a page of ours may hold."""
