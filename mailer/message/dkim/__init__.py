"""DKIM signatures (RFC 6376): RSA-2048 with SHA-256, `relaxed/relaxed`, for installations whose relay does not sign.

`keys` has the private keys and their selectors, `records` what the DNS says of them, `canonical` the form that is signed, `signature` the header.
`compiled` is for an issue: what all its messages share is put into canonical form and hashed once.
"""
