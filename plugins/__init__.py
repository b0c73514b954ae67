"""The build half of Todoke: from Markdown to the site and the mail bundles in ``output/``, with the commands for editors.

1. `frontmatter` reads and checks every source; `checks` applies the rules for text.
2. `magazine` composes the mail issues, which then have a page like any document.
3. `publications` renders the page of every document and the pages that list them, through the theme. Other packages add theirs: `events`,
   `progress`, `search`, `furigana` and more. `incremental` takes over the pages that would come out the same.
4. When every page is there, `magazine` passes each mail through the gate and writes its bundle.
5. `builder` runs all this inside Pelican, and publishes the finished tree in one step.

Packages hand each other values through the `context` of the build. Nothing here imports ``mailer``.
"""
