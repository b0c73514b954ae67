"""YAML front matter → one typed model per kind; every fault with file, line and what to write instead.

`plugins.builder.content_loader` reads the whole checkout into a `Library` when Pelican starts; a single fault stops the build before anything is written.
"""
