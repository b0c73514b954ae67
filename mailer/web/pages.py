"""The pages of the service as HTML: the publisher's own header, name, colours and contact on each of them, and headers that protect the reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mailer.message.links import LinkClaim
from mailer.model.clock import JAPAN
from mailer.model.digest import DIGEST, MOMENTS, DigestMoments
from mailer.model.issue import MailList
from mailer.model.site import DEFAULT_COLOUR, SiteProfile
from mailer.web.requests import SCRIPT, STYLE, TEMPLATES, policy

MARK_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "Cache-Control": "max-age=86400"}
"""An SVG is a document of its own when it is opened alone: nothing in it may run."""

DIGEST_TITLE = "まとめのメール"
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+[+-]\d{2}:\d{2}$")


class Pages:
    """Renders pages. `lists` are all lists of the bundle; `moments` are those at which digests leave."""

    def __init__(
        self,
        lists: Mapping[str, MailList],
        site: SiteProfile | None,
        source_url: str,
        *,
        takes_sign_ups: bool = False,
        moments: DigestMoments = MOMENTS,
    ) -> None:
        self._lists = lists
        self.site = site
        self._source_url = source_url
        self._moments = moments
        self._takes_sign_ups = takes_sign_ups and site is not None and site.takes_sign_ups
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.filters["moment"] = _moment
        self._style = STYLE + _colours(site)
        self.policy = policy(self._style)
        self._policy_with_script = policy(self._style, SCRIPT)

    def page(self, request: Request, template: str, status: int = 200, claim: LinkClaim | None = None, **values: object) -> Response:
        """Return a page. `claim` is that of a reader's link: the page is about its list."""
        mail_list = None if claim is None else self._lists.get(claim.list)
        title = mail_list.title if mail_list else DIGEST_TITLE if claim and claim.list == DIGEST else claim.list if claim else ""
        values = {
            "style": self._style,
            "script": "",
            "root": _root(request),
            "site": self.site,
            "takes_sign_ups": self._takes_sign_ups,
            "claim": claim,
            "title": title,
            "lists": (mail_list,) if mail_list else tuple(self._lists.values()),
            "source_url": self._source_url,
            "moments": self._moments,
            "digest": DIGEST,
        } | values
        headers = {"Content-Security-Policy": self._policy_with_script if values["script"] else self.policy}
        return HTMLResponse(self._environment.get_template(template).render(values), status, headers)

    def text(self, template: str, **values: object) -> str:
        """Return a text, such as the words of a consent."""
        return self._environment.get_template(template).render({"site": self.site} | values).strip()

    def mark(self, _request: Request) -> Response:
        """Return the publisher's mark."""
        if self.site is None or self.site.mark is None:
            return Response(status_code=404)
        return Response(self.site.mark, media_type="image/svg+xml", headers=MARK_HEADERS)


def _root(request: Request) -> str:
    """The way to the first page, relative: the service may stand below a path, and does not know the address that the proxy shows."""
    path = request.url.path.removeprefix(str(request.scope.get("root_path", "")))
    return "../" * max(0, path.count("/") - 1) or "./"


def _moment(value: object) -> object:
    """A time in ISO 8601 as people of the publisher's country read it; anything else as it is."""
    if not isinstance(value, str) or not MOMENT.match(value):
        return value
    try:
        return f"{datetime.fromisoformat(value).astimezone(JAPAN):%Y-%m-%d %H:%M}"
    except ValueError:
        return value


def _colours(site: SiteProfile | None) -> str:
    """The colours of the publisher and of its publications. Both were checked: they are six hexadecimal digits."""
    lines = [f":root {{ --brand: {site.colour if site else DEFAULT_COLOUR}; }}"]
    lines += [f".of-{key} {{ --pub: {profile.colour}; }}" for key, profile in (site.lists.items() if site else ())]
    return "\n".join(lines) + "\n"
