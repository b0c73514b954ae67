"""Hides how one composition becomes its four forms: the page on the site, the HTML part, the text part and the light part."""
