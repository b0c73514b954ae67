"""Announcements to other networks, and outboxes that hold them."""
