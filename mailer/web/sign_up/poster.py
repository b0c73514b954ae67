"""A sheet of A4 for a list: a QR code that opens the sign-up form with the list chosen, the address to type, and the other ways. For shelters and town halls."""

from __future__ import annotations

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mailer.model.issue import MailList
from mailer.model.site import SiteProfile
from mailer.web.requests import TEMPLATES


def sign_up_address(service_url: str, key: str) -> str:
    """Return the address of the sign-up form for one list."""
    return f"{service_url}/sign-up/{key}"


def poster(mail_list: MailList, site: SiteProfile, service_url: str, by_mail: str = "") -> bytes:
    """Return the sheet as HTML that needs no other file. It prints on one page of A4.

    :param by_mail: the address to which an empty mail signs up (空メール), if there is one.
    """
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    address = sign_up_address(service_url, mail_list.key)
    values = {
        "list": mail_list,
        "site": site,
        "profile": site.lists[mail_list.key],
        "address": address,
        "code": Markup(qr_code(address, "申し込みのページのQRコード").decode()),  # noqa: S704 - drawn here
        "mail_code": Markup(qr_code(f"mailto:{by_mail}", "空メールのあて先のQRコード").decode()) if by_mail else "",  # noqa: S704
        "by_mail": by_mail,
    }
    return environment.get_template("poster.html").render(values).encode()


def qr_code(content: str, label: str) -> bytes:
    """Return an SVG of a QR code (ISO/IEC 18004) with error correction M: 15 % of it may be dirty or torn. The quiet zone is four modules wide."""
    drawing = segno.make_qr(content, error="m").svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    return drawing.replace("<svg ", f'<svg role="img" aria-label="{label}" xmlns="http://www.w3.org/2000/svg" ', 1).encode()
