"""How people come onto a list and leave it, but for the web pages."""
