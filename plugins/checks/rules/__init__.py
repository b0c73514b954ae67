"""Hides how each rule finds its hits in one source. To add a rule, write one `Rule` in the module of its subject, and nothing else."""
