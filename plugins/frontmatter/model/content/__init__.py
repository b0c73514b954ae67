"""Content types that need a module of their own; `plugins.frontmatter.model.content_types` is the table of all types."""
