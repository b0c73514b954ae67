"""The documentation: Markdown by hand, references by `docs.generate`, pages by Sphinx (`make docs`)."""
