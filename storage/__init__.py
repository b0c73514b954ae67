"""Storage outside this machine: a folder, another host by SFTP, a bucket of an S3-compatible store. The package hides how each is asked.

1. `settings` reads the tables of ``continuity.toml`` that say where a storage is.
2. `connect` makes the storage of such a table.
3. `model` says what each can do: files that are created once and never change, files that are replaced whole, and lists of names.

It knows neither the mailer nor `continuity`: both keep something there.
"""
