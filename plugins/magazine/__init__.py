"""Mail issues: from an issue's Markdown to its bundle."""
