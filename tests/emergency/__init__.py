"""The ways out of an emergency, with real processes, mirrors, a relay and a database, and everything that may be dead or slow."""
