"""The commands that ask whether our mail is accepted: keys, the DNS, reports, arrivals."""
