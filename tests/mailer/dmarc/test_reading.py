"""Aggregate reports: what is read of good ones, and that hostile ones cost neither memory, files nor the process."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.bounces import mime
from mailer.dmarc import attachment, xml
from mailer.dmarc.attachment import ReportUnreadable
from tests.samples.mail.dmarc_reports import BEGIN, END, USUAL, mailed, record, report, zipped


@pytest.mark.parametrize(
    "content", [USUAL, gzip.compress(USUAL), zipped(USUAL), USUAL.replace(b' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"', b"")]
)
def test_a_report_is_read_in_every_packing_and_in_the_older_form(content: bytes) -> None:
    parsed = xml.parse_report(attachment.unpack(content))
    assert (parsed.organization, parsed.report_id, parsed.domain, parsed.policy) == ("mail.example", "1", "example.jp", "none")
    assert (parsed.begin, parsed.end) == (BEGIN, END)
    assert [(each.address, each.number, each.dkim, each.spf, each.disposition) for each in parsed.sources] == [
        ("192.0.2.25", 120, True, True, "none"),
        ("203.0.113.9", 40, False, False, "reject"),
        ("2001:db8::25", 7, False, True, "none"),
        ("192.0.2.25", 3, True, False, "none"),
    ]


def test_the_report_in_a_mail_is_found_and_other_mail_is_none() -> None:
    mail = mime.parse(mailed())
    assert attachment.looks_like_report(mail)
    assert xml.parse_report(attachment.unpack(attachment.attached_report(mail) or b"")).report_id == "1"
    assert attachment.looks_like_report(mime.parse(mailed(subject="DMARC")))  # by the name of the attachment
    assert not attachment.looks_like_report(mime.parse(b"Subject: Report Domain: x\r\n\r\nno attachment\r\n"))


@pytest.mark.parametrize(
    "bad",
    [
        record("not an address", 1),
        record("192.0.2.1", "many"),
        record("192.0.2.1", -5),
        record("192.0.2.1", 0),
        record("192.0.2.1", "9" * 5000),
        record("192.0.2.1", 1, disposition="explode"),
        "<record/>",
        "<!-- a comment --><?an instruction?>",
    ],
)
def test_a_record_that_says_nothing_costs_only_itself(bad: str) -> None:
    assert [each.address for each in xml.parse_report(report(bad, record("192.0.2.2", 4))).sources] == ["192.0.2.2"]


ENTITIES = '<!DOCTYPE feedback [<!ENTITY a "aaaaaaaaaa">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)) + "]>"  # fmt: skip
FILES = '<!DOCTYPE feedback [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "content",
    [
        report(record("&i;", 1), head=ENTITIES),
        report(record("192.0.2.1", 1, domain="&x;"), head=FILES),
        report(head='<!DOCTYPE feedback SYSTEM "http://192.0.2.1/x.dtd">'),
        report(record("192.0.2.1", 1), head=FILES).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        b"<feedback>" + b"<a>" * 100_000,
        b"",
        b"<feedback/>",
        b"<html><body>404</body></html>",
        b"\x00\x01\x02",
        USUAL[:-40],
        USUAL.replace(b"<begin>", b"<begin>x"),
        USUAL.replace(b"<begin>", b"<begin>99999999999"),
        USUAL.replace(b"<domain>example.jp</domain><p>", b"<domain></domain><p>"),
    ],
)
def test_what_is_no_report_or_an_attack_is_refused(content: bytes) -> None:
    with pytest.raises(ReportUnreadable):
        xml.parse_report(content)


@pytest.mark.parametrize("pack", [gzip.compress, zipped])
def test_a_bomb_is_refused_before_it_fills_the_memory(pack: object) -> None:
    bomb = gzip.compress(b"<" * 60_000_000, 1) if pack is gzip.compress else zipped(b"<" * 60_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ReportUnreadable, match="more than"):
            attachment.unpack(bomb)
        assert tracemalloc.get_traced_memory()[1] < 3 * attachment.MOST_UNPACKED
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "content", [gzip.compress(USUAL)[:-20], zipped(USUAL)[:-30], zipped(USUAL, "report.txt"), b"\x1f\x8bnothing", b"PK\x03\x04nothing"]
)
def test_a_damaged_attachment_is_told(content: bytes) -> None:
    with pytest.raises(ReportUnreadable):
        attachment.unpack(content)


def test_a_flood_of_records_is_refused_and_of_many_sources_the_largest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "MOST_RECORDS", 300)
    monkeypatch.setattr(xml, "MOST_SOURCES", 200)
    with pytest.raises(ReportUnreadable, match="records"):
        xml.parse_report(report(record("192.0.2.1", 1) * (xml.MOST_RECORDS + 1)))
    many = [record(f"10.{n // 65536}.{n // 256 % 256}.{n % 256}", n + 1) for n in range(xml.MOST_SOURCES + 10)]
    sources = xml.parse_report(report(*many)).sources
    assert len(sources) == xml.MOST_SOURCES and min(each.number for each in sources) == 11


def test_texts_cannot_steer_a_terminal_or_grow() -> None:
    parsed = xml.parse_report(report(record("192.0.2.1", 1, domain="a\u202e.example"), organization="x" * 5000))
    assert len(parsed.organization) == 255 and parsed.sources[0].header_from == "a.example"


@given(st.binary(max_size=300), st.integers(0, len(USUAL)), st.integers(0, 60))
def test_whatever_is_broken_in_a_report_ends_in_an_answer(noise: bytes, at: int, length: int) -> None:
    broken = USUAL[:at] + noise + USUAL[at + length :]
    for content in (broken, gzip.compress(broken), zipped(broken)[:at], noise):
        try:
            xml.parse_report(attachment.unpack(content))
        except ReportUnreadable as error:
            assert str(error)


def test_a_flood_of_elements_that_mean_nothing_is_refused() -> None:
    with pytest.raises(ReportUnreadable, match="elements"):
        xml.parse_report(report("<a/>" * (xml.MOST_ELEMENTS + 10)))
