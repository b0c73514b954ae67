"""Mirrors: the places from which the public reads. `target` says what each kind can do; the kinds differ in how a reader is moved to a new release.

`tree` keeps two folders and exchanges them (`local`, `ssh`); `s3` writes objects in an order in which nothing leads nowhere; `portable` writes a folder
to carry away. `delivery` brings a release to all mirrors at once, each with its own deadline and its own record.
"""
