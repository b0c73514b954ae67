"""Hides how a checkout becomes ``output/``, whole or not at all.

1. `run` asks `up_to_date` whether anything changed since the last build. If not, nothing that makes pages is loaded.
2. Otherwise `pelican_run` runs Pelican into a new folder. `content_loader` reads all sources and tables when Pelican starts.
3. `staging` brings the result into a second tree beside the site, and `swap` exchanges the two in one step.

`checkout` is what `todoke check` does, without Pelican. `rerender` makes one page again for the preview.
"""
