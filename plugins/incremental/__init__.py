"""Hides how a build knows which pages are still right: it renders the others, and takes these over from the last site.

1. While a page is rendered, `dependency_recorder` records every name, attribute and entry that its templates read, with a digest of the value.
   A fragment that many pages show is rendered once (`fragment_cache`), and its reads count for each of those pages.
2. The reads, and digests of the templates (`template_digests`), go into a manifest beside the output (`manifest`).
3. In the next build, `invalidation` first finds the recorded reads whose values changed. `writer` then renders the pages that have such a read,
   by several processes; of the other pages only the names go into the render plan (`plan`).
4. `plugin` puts the writer and one shared Jinja environment into Pelican, whose compiled templates are kept in the account's own folder (`bytecode`).
   `output_code` and `template_call` make templates cheaper to render. `pelican_compat` checks that Pelican still is what this was written for.

A value without a digest always counts as changed. Other settings, code or versions change every page (`plugins.builder.pelican_run`).
"""
