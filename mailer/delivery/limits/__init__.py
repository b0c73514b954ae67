"""How much may go out at once: to a relay, to a domain, in a second."""
