"""Offices whose building is lost, and the kits and other buildings that they go on with."""
