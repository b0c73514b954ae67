"""JSON-LD: schema.org's words for documents, site and tables."""
