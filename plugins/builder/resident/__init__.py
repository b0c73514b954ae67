"""Hides how a process that stays builds an edit in hundredths of a second.

1. `engine` keeps what the last build left in memory. It is told which files changed, by the file system's events or by a walk (`seen_inputs`).
2. `kept_build` brings that build up to date, if nothing but words of documents changed (`plugins.frontmatter.text_edits`): it reads these documents,
   changes them in place, renders the pages that read them (`plugins.incremental.page_readers`), and exchanges the trees.
3. `next_build` lets Pelican run again where documents came, went or moved, or a moment has passed. The packages take over what holds.
4. At any doubt, and at any fault, the engine builds as `plugins.builder.run` does, looks at everything, and keeps what that build leaves.

The result is that of a fresh build, byte for byte: `tests/plugins/builder/resident` edits a site at random and compares.
"""
