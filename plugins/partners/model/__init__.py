"""The values that all parts of the importer speak of."""
