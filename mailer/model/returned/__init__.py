"""What comes back, and from whom: bounces, reports, receivers, arrivals."""
