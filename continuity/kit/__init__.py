"""A folder for an external disk, for the case that the building is gone and the city is not: it needs no network and no second machine to be read.

::

    todoke-kit/
        はじめにお読みください.html, START-HERE.html, site/    the newest release, which opens from file:// (written by `todoke portable`)
        STEPS.pdf                                        the steps and the telephone numbers, to be printed: Japanese in front, English behind
        snapshots/                                       the newest snapshot, and the one it builds on
        program/                                         install.sh, every package as a wheel with its digest, the units of deploy/
        SHA256SUMS                                       of everything but the site, which has a signed list of its own
    todoke-kit.new/, todoke-kit.old/                     a kit on its way, and the one before for the moment of two renames

1. `packages` collects the wheels of the locked requirements, and makes one of this program.
2. `sheet` draws the printed page from ``steps.toml`` and the people of ``continuity.toml``.
3. `folder` looks for room, writes all of it beside the kit that is there, and renames.
"""
