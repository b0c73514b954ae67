"""Mirrors: the places from which the public reads. `target` says what each kind can do; the kinds differ in how a reader is moved to a new release.

`tree` keeps two folders and exchanges them (`local` on this machine, `sftp` on another); `s3` writes objects in an order in which no link leads nowhere; `portable` writes a folder
to carry away. `delivery` brings a release to all mirrors at once, each with its own deadline and its own record.
"""
