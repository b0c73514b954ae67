"""`todoke preview`: the site and every issue as they would be, again after each change of a file.

1. `workshop` builds into a folder of its own; a build with faults keeps the last good one and the faults. The page of a document that is saved, or
   its faults, it shows at once (`plugins.builder.rerender`), before the build that follows.
2. `pages` serves the site, and under ``/-/`` each issue in every form: widths, colours, without images, text, light, headers.
3. A small script, put into pages by this server only, loads the page again when a build is done.
"""
