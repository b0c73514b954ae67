"""Content types that need a module of their own, and what holds of the fields of all of them. `plugins.frontmatter.model.content_types` is the table of all types."""
