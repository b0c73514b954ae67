"""Signing up on the web: the form and what protects it from machines, the confirmation, the pages."""
