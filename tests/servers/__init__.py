"""Real servers for the tests: mail, databases, SSH, web, each started on loopback and ended by the test that asked for it."""
