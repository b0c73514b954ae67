"""The pages of documents and the pages that list them."""
