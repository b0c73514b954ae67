"""Delivery under kill -9: a sender, and a worker, that die again and again while nothing may be lost or sent twice."""
