"""Whether a browser lets the sign-up forms of the public site, and its button for Web Push, post to the subscription service, which is another origin.

`form-action` of a Content-Security-Policy (CSP Level 3, section 6.4.2) blocks a form without a word to the reader, and `connect-src` (section 6.1.2)
a script; only the browser's console says so.
"""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from mailer.doctor.results import CheckResult, Level
from mailer.model.site import SiteProfile

Policies = Callable[[str], Sequence[str]]
"""The address of a page → the policies that its server sends with it.

:raises OSError: it cannot be fetched.
"""
AREA = "sign-up"
TIMEOUT = 10


def examine(site: SiteProfile | None, service_url: str, fetch: Policies | None) -> Iterator[CheckResult]:
    """Look at the first page.

    :param site: None: the bundle does not say, or there is none.
    :param fetch: None: nothing may be asked (`--offline`).
    """
    if site is None or not site.takes_sign_ups or fetch is None:
        return
    try:
        policies = fetch(f"{site.url}/")
    except (OSError, ValueError, http.client.HTTPException) as error:
        yield CheckResult(AREA, site.url, Level.UNKNOWN, f"the page cannot be fetched: {type(error).__name__}", "ページを取れません")
        return
    if all(allows_form(policy, service_url, site.url) for policy in policies):
        yield CheckResult(AREA, site.url, Level.GOOD, "its forms may post to the service", "申し込みの欄が使えます")
    else:
        en = f"form-action of its Content-Security-Policy does not name {origin(service_url)}: browsers block the sign-up forms"
        yield CheckResult(AREA, site.url, Level.BAD, en, "申し込みの欄をブラウザーが止めます。form-action に窓口のアドレスを加えてください")
    if site.push_key and not all(allows_button(policy, service_url, site.url) for policy in policies):
        en = f"connect-src of its Content-Security-Policy does not name {origin(service_url)}: browsers block the button for Web Push"
        yield CheckResult(
            AREA, site.url, Level.BAD, en, "お知らせのボタンをブラウザーが止めます。connect-src に窓口のアドレスを加えてください"
        )


def fetch_policies(address: str) -> Sequence[str]:
    """See `Policies`."""
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("only pages of the web are fetched")
    with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:  # noqa: S310 - checked above
        return [policy for line in answer.headers.get_all("Content-Security-Policy", []) for policy in line.split(",")]


def allows_form(policy: str, service_url: str, page_url: str) -> bool:
    """Whether a form of the page may post to the service. Without `form-action` every form may: `default-src` does not stand for it."""
    sources = _sources(policy, "form-action")
    return sources is None or _names(sources, service_url, page_url)


def allows_button(policy: str, service_url: str, page_url: str) -> bool:
    """Whether a script of the page may post to the service (CSP Level 3, section 6.1.2). `default-src` stands for a missing `connect-src`."""
    sources = _sources(policy, "connect-src")
    sources = _sources(policy, "default-src") if sources is None else sources
    return sources is None or _names(sources, service_url, page_url)


def _sources(policy: str, directive: str) -> list[str] | None:
    directives = [words for words in (part.split() for part in policy.split(";")) if words]
    return next((words[1:] for words in directives if words[0].lower() == directive), None)


def _names(sources: Sequence[str], service_url: str, page_url: str) -> bool:
    return any(_matches(source.lower(), service_url, page_url) for source in sources)


def origin(address: str) -> str:
    """Scheme, host and port (RFC 6454)."""
    parts = urlsplit(address.lower())
    return f"{parts.scheme}://{parts.netloc}"


def _matches(source: str, service_url: str, page_url: str) -> bool:
    """Whether one source of a list names the service (CSP Level 3, section 6.7.2.7): a scheme, or a host, perhaps with `*.` for those below it."""
    scheme, host = urlsplit(service_url.lower()).scheme, urlsplit(service_url.lower()).netloc
    if source == "'self'":
        return origin(service_url) == origin(page_url)
    if source == "*":
        return scheme in ("http", "https")
    if source.endswith(":"):
        return source == f"{scheme}:"
    named, _, rest = source.rpartition("://")
    if named and named != scheme and (named, scheme) != ("http", "https"):
        return False
    pattern = rest.partition("/")[0]
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
