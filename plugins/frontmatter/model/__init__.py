"""What a source may say, and the document it becomes."""
