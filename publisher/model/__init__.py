"""What the other parts share: a release and its files, the manifest's two forms, rules for media types and caches. It imports nothing of ours."""
