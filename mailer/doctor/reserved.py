"""Names that are for examples and tests: nobody can publish anything for them, so nothing is asked about them and nothing is refused. Pure."""

from __future__ import annotations

TOP = frozenset({"example", "test", "invalid", "localhost"})  # RFC 2606 section 2, RFC 6761
DOMAINS = frozenset(
    {
        *("example.com", "example.net", "example.org"),  # RFC 2606 section 3
        "example.jp",  # JPRS: names for examples, here and below each kind of .jp
        *(f"example.{kind}.jp" for kind in ("ac", "ad", "co", "ed", "go", "gr", "lg", "ne", "or")),
    }
)


def is_reserved(domain: str) -> bool:
    """Whether the domain, or one above it, is kept for examples."""
    labels = domain.lower().rstrip(".").split(".")
    return labels[-1] in TOP or any(".".join(labels[at:]) in DOMAINS for at in range(len(labels)))
