"""DMARC by RFC 9989: the walk up the tree, the organizational domain, which policy holds, and alignment."""

from __future__ import annotations

import pytest

from mailer.doctor import dmarc


class Records:
    """What stands in the DNS, and in which order it was asked."""

    def __init__(self, **texts: str) -> None:
        self.texts = {name.replace("__", "."): text for name, text in texts.items()}
        self.asked: list[str] = []

    def text(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        return tuple(self.texts[name].split("|")) if name in self.texts else ()

    def addresses(self, name: str) -> tuple[str, ...]:
        return ()

    exchanges = names_of = addresses


def records(texts: dict[str, str]) -> Records:
    made = Records()
    made.texts = {f"_dmarc.{domain}": text for domain, text in texts.items()}
    return made


def organizational(questions: Records, domain: str) -> str:
    return dmarc.organizational_domain(domain, dmarc.walk(questions, domain))


def test_the_walk_asks_each_name_up_to_the_top_and_no_long_name_is_asked_a_hundred_times() -> None:
    short, long = records({}), records({})
    dmarc.walk(short, "a.mail.example.com")
    assert short.asked == [f"_dmarc.{name}" for name in ("a.mail.example.com", "mail.example.com", "example.com", "com")]
    dmarc.walk(long, "a.b.c.d.e.f.g.h.i.j.mail.example.com")
    assert long.asked[:2] == ["_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com", "_dmarc.g.h.i.j.mail.example.com"] and len(long.asked) == 8


@pytest.mark.parametrize(
    ("texts", "domain", "expected"),
    [
        ({}, "a.example.com", "a.example.com"),
        ({"example.com": "v=DMARC1; p=none"}, "a.mail.example.com", "example.com"),
        ({"example.com": "v=DMARC1; p=none", "mail.example.com": "v=DMARC1; p=reject"}, "a.mail.example.com", "example.com"),
        ({"com": "v=DMARC1; p=none; psd=y", "example.com": "v=DMARC1; p=none"}, "a.example.com", "example.com"),
        ({"pref.jp": "v=DMARC1; p=none; psd=y"}, "news.miyagi.pref.jp", "miyagi.pref.jp"),
        ({"mail.example.com": "v=DMARC1; p=none; psd=n", "example.com": "v=DMARC1; p=none"}, "a.mail.example.com", "mail.example.com"),
        ({"pref.jp": "v=DMARC1; p=none; psd=y"}, "pref.jp", "pref.jp"),
        ({"example.com": "v=DMARC1; p=none|v=DMARC1; p=reject"}, "a.example.com", "a.example.com"),
        ({"example.com": "dmarc1; p=none"}, "a.example.com", "a.example.com"),
    ],
)
def test_the_organizational_domain(texts: dict[str, str], domain: str, expected: str) -> None:
    assert organizational(records(texts), domain) == expected


@pytest.mark.parametrize(
    ("texts", "domain", "exists", "policy"),
    [
        ({"example.com": "v=DMARC1; p=reject"}, "example.com", True, "reject"),
        ({"example.com": "v=DMARC1; p=reject; sp=quarantine"}, "a.example.com", True, "quarantine"),
        ({"example.com": "v=DMARC1; p=none; sp=quarantine; np=reject"}, "a.example.com", False, "reject"),
        ({"example.com": "v=DMARC1; p=reject", "a.example.com": "v=DMARC1; p=none"}, "a.example.com", True, "none"),
        ({"example.com": "v=DMARC1; rua=mailto:a@example.com"}, "example.com", True, "none"),
        ({"example.com": "v=DMARC1; p=strange"}, "example.com", True, "none"),
    ],
)
def test_the_policy_that_holds(texts: dict[str, str], domain: str, exists: bool, policy: str) -> None:
    assert dmarc.policy_of(records(texts), domain, exists=exists).policy == policy


def test_a_name_without_any_record_has_no_policy() -> None:
    assert dmarc.policy_of(records({}), "a.example.com").record is None


def test_alignment_is_of_one_organization_unless_the_record_is_strict() -> None:
    relaxed, strict = (records({"example.com": f"v=DMARC1; p=none{tags}"}) for tags in ("", "; adkim=s; aspf=s"))
    for tag in ("adkim", "aspf"):
        policy = dmarc.policy_of(relaxed, "news.example.com")
        assert dmarc.is_aligned(relaxed, "bounce.example.com", policy, tag) and dmarc.is_aligned(relaxed, "Example.com.", policy, tag)
        assert not dmarc.is_aligned(relaxed, "example.org", policy, tag)
        assert not dmarc.is_aligned(strict, "bounce.example.com", dmarc.policy_of(strict, "news.example.com"), tag)
