"""Documents of Markdown, and their outlines by two programs."""
