"""Aggregate reports of DMARC (RFC 9990) that receivers send: a message of a stranger in, values out. Pure: no database, no clock.

`attachment` finds the report in a message or file and unpacks it within bounds; `xml` reads it without entities. Anybody can send such a report, so its
figures are what somebody says, and nothing is decided by them.
"""
