"""What the other parts share: a release and its files, the manifest, rules for media types and caches. It imports nothing of ours."""
