"""The other building: everything that is needed to go on elsewhere, in one encrypted file, and back from it. A snapshot is believed when it was restored.

1. `settings` reads ``continuity.toml``; `installation` what it has to know of ``mailer.toml`` and ``publish.toml``.
2. `snapshots` gathers database, journals, settings, content and the last release (`gather`), writes them as an encrypted tar (`archive`), and brings it to
   the storages.
3. `restoring` takes the newest snapshot that is whole, compares every file, and puts the installation into a folder.
4. `drill` does that elsewhere, serves the site, lets the restored commands send to a sink, and writes a report (`drill_report`).
5. `kit` writes a folder for an external disk: the site, the program with its packages, the snapshot, and a page to print.

The package imports neither the site, the mailer nor the publisher: it reads the database by a copy or a dump, releases by path, and runs their commands (`program`).
"""
