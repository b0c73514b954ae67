"""Mail for the tests: issues, returned mail, people who sign up, a terminal."""
