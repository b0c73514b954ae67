"""A picture with the title of each page, for Open Graph."""
