"""Proof for an auditor, who believes nobody: the package hides how a release is built anew from its commit and compared, byte for byte.

1. `checkout` puts the files of a commit into an empty folder.
2. `reproduction` builds there with the parameters that the release names, and compares with the manifest.
"""
