"""The model of content: what front matter may say (content types and fields), what it may name (registry), and the document that results."""
