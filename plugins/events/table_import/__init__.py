"""Open-data tables of events → Markdown files."""
