"""Structured data: the only place that knows the vocabulary of schema.org and how a page states it as JSON-LD.

1. `site`: the organisation, the portal, breadcrumbs, and tables of open data.
2. `documents`: articles, issues, and what each content type adds.
3. `plugin` gives templates the functions ``ld_site``, ``ld_breadcrumbs``, ``ld_article`` and ``ld_issue``.

The builder functions are pure: they return a dictionary, and the template writes it into the page. Every address in it is absolute, because a search
engine reads the block without its page.
"""
