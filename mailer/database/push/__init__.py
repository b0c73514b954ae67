"""Browsers that are told of news by Web Push: the tables, and the questions asked of them."""
