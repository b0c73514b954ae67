"""Hides how an editor sees the site and every issue while writing: a server that builds again after each change of a file.

1. `live` watches the sources and builds into a folder of its own. A build with errors keeps the last good one. The page of a saved document, or its
   diagnostics, is shown at once (`plugins.builder.rerender`), before the build that follows.
2. `server` serves the site, and under ``/-/`` each issue in every form (`issue_views`): widths, colours, without images, text, light text, headers.
3. A small script loads the page again after a build. Only this server puts it into pages; no built file holds it.
"""
