"""Digests: one mail made of the approved fragments of several issues. Pure: issues in, an issue out; nothing of the editors' words is rendered here.

`composition` joins the fragments inside a frame of the mailer's own words; `gate` says what a reader or a mail program would stumble over in the result.
"""
