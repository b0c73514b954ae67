"""Aggregate reports of DMARC as receivers write them, with invented figures, and as attackers would."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

BEGIN, END = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC)


def record(
    address: str, number: int | str, *, dkim: str = "pass", spf: str = "pass", disposition: str = "none", domain: str = "example.jp"
) -> str:
    return (
        f"<record><row><source_ip>{address}</source_ip><count>{number}</count><policy_evaluated><disposition>{disposition}</disposition>"
        f"<dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row><identifiers><header_from>{domain}</header_from></identifiers>"
        f"<auth_results><dkim><domain>{domain}</domain><selector>todoke1</selector><result>{dkim}</result></dkim>"
        f"<spf><domain>{domain}</domain><scope>mfrom</scope><result>{spf}</result></spf></auth_results></record>"
    )


def report(
    *records: str, organization: str = "mail.example", number: str = "1", domain: str = "example.jp", head: str = "", end: datetime = END
) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><version>2.0</version>'
        f"<report_metadata><org_name>{organization}</org_name><email>dmarc@{organization}</email><report_id>{number}</report_id>"
        f"<date_range><begin>{int(end.timestamp()) - 86400}</begin><end>{int(end.timestamp())}</end></date_range></report_metadata>"
        f"<policy_published><domain>{domain}</domain><p>none</p><testing>n</testing></policy_published>{''.join(records)}</feedback>"
    ).encode()


USUAL = report(
    record("192.0.2.25", 120),
    record("192.0.2.25", 3, spf="fail"),
    record("203.0.113.9", 40, dkim="fail", spf="fail", disposition="reject"),
    record("2001:db8::25", 7, dkim="fail"),
)


def zipped(content: bytes, name: str = "mail.example!example.jp!1!2.xml") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def mailed(content: bytes = USUAL, *, subject: str = "Report Domain: example.jp Submitter: mail.example Report-ID: <1>") -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "dmarc@mail.example", "bounce@example.jp", subject
    mail.set_content("An aggregate report.\n")
    mail.add_attachment(gzip.compress(content), maintype="application", subtype="gzip", filename="mail.example!example.jp!1!2.xml.gz")
    return mail.as_bytes()
