"""Serves the built site with a script that reloads pages, and the issues under ``/-/``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plugins.builder.rules import read_descriptions
from plugins.diagnostic_formats import as_github, as_json, as_sarif, as_text
from plugins.preview.issue_views import Bundle, bundles
from plugins.preview.live import LivePreview

RELOAD = """
const shown = document.currentScript.dataset.version;
(async function wait() {
  try {
    const response = await fetch("/-/version?known=" + shown);
    if (await response.text() !== shown) { location.reload(); return; }
  } catch (error) { await new Promise((done) => setTimeout(done, 1000)); }
  wait();
})();
"""
LONG_POLL_SECONDS = 2
"""How long one request of the script waits for a change. The server cannot stop before the request ends."""

MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src "
"""Content Security Policy (W3C CSP 3) of a mail in a frame: nothing runs and nothing is loaded, as in a mail client. Ends with the source of images."""

OUR_NAMES = ("127.0.0.1", "localhost", "::1", "[::1]")
"""What a browser on this machine may call the server. Another name in ``Host`` means that a page of somebody else asks: its own name leads here for once
(DNS rebinding), and what it is given it may read. The server shows drafts."""


def reload_script(version: int) -> str:
    """Return the element that loads the page again as soon as a browser can see another version than the one that the page shows.

    The page carries its version: a build may end between the page and the first question of its script, which would otherwise take the new version for the page's own.
    """
    return f'<script src="/-/reload.js" data-version="{version}" defer></script>'


def create_app(preview: LivePreview) -> Starlette:
    """Return the application. It answers at once, builds when it starts, and again after each change."""
    pages = _PreviewApp(preview)
    return Starlette(
        routes=[
            Route("/-/", pages.index),
            Route("/-/reload.js", pages.script),
            Route("/-/version", pages.version),
            Route("/-/diagnostics", pages.diagnostics),
            Route("/-/{key}/{number}/", pages.issue),
            Route("/-/{key}/{number}/html", pages.html),
            Route("/-/{key}/{number}/{name:str}", pages.text),
            Route("/{path:path}", pages.site),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=OUR_NAMES, www_redirect=False), Middleware(_ForOwnPages)],
        exception_handlers={FileNotFoundError: pages.not_found},
        lifespan=pages.lifespan,
    )


def find_file(site: Path, path: str) -> Path | None:
    """Return the file below ``site`` that an address names, a folder's ``index.html`` included, or None: also for what no file can be called."""
    try:
        root = site.resolve()
        file = (root / path).resolve()
        file = file / "index.html" if file.is_dir() else file
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, a null character, a loop of links
        return None


class _ForOwnPages:
    """Says on every answer that pages of other sites may not put it into themselves (``Cross-Origin-Resource-Policy``, Fetch standard)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification, "Applications"."""

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Cross-Origin-Resource-Policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, send_with_policy)


class _PreviewApp:
    def __init__(self, preview: LivePreview) -> None:
        self.preview = preview
        self.templates = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Build and watch for as long as the server runs."""
        stop = asyncio.Event()
        task = asyncio.create_task(self.preview.run(stop))
        yield
        stop.set()
        await task

    def index(self, _request: Request) -> Response:
        """All issues, and the diagnostics of the last build."""
        return self._page("index.html", self.preview.version)

    def issue(self, request: Request) -> Response:
        """One issue, every form side by side; if there is none of that name so far, the list of issues, which loads itself again after a build."""
        version, bundle = self.preview.version, self._find(request)
        return self._page("issue.html", version, bundle=bundle) if bundle else self._page("index.html", version, status=404)

    def html(self, request: Request) -> Response:
        """The HTML part for a frame. Images are shown only if the frame asks for them."""
        scheme, images = request.query_params.get("scheme", "light"), request.query_params.get("images", "on")
        source = "'self'" if images == "on" else "'none'"
        return HTMLResponse(self._bundle(request).html(scheme), headers={"Content-Security-Policy": MAIL_POLICY + source})

    def text(self, request: Request) -> Response:
        """One of the text parts."""
        name = request.path_params["name"]
        if name not in ("mail.txt", "light.txt"):
            raise HTTPException(404)
        return PlainTextResponse(self._bundle(request).text(name))

    def diagnostics(self, request: Request) -> Response:
        """The diagnostics of the last build for a program: ``?format=`` text, json, sarif or github, as `todoke check --format` prints them."""
        diagnostics = self.preview.diagnostics
        match request.query_params.get("format", "json"):
            case "json":
                return Response(as_json(diagnostics), media_type="application/json")
            case "sarif":
                return Response(as_sarif(diagnostics, read_descriptions(), version("todoke")), media_type="application/sarif+json")
            case "github":
                return PlainTextResponse(as_github(diagnostics, read_descriptions()))
            case "text":
                return PlainTextResponse(as_text(diagnostics))
        raise HTTPException(400, "format: text, json, sarif, github")

    def script(self, _request: Request) -> Response:
        """The script that waits for the next change."""
        return Response(RELOAD, media_type="text/javascript")

    async def version(self, request: Request) -> Response:
        """Return the version of what a browser can see: at once if the browser knows none or an old one, otherwise after a change or a while."""
        shown = self.preview.version
        if request.query_params.get("known") == str(shown):
            try:
                async with asyncio.timeout(LONG_POLL_SECONDS):
                    await self.preview.wait_for_change(shown)
            except TimeoutError:
                pass
        return PlainTextResponse(str(self.preview.version), headers={"Cache-Control": "no-store"})

    def site(self, request: Request) -> Response:
        """A page or file of the built site. A page gets the script, and the diagnostics at its end."""
        version = self.preview.version  # before the file is read: a page may show more than the version it carries, never less
        file = find_file(self.preview.site, request.path_params["path"])
        if file is None:
            return self._page("index.html", version, status=404)
        try:
            html = file.read_text(encoding="utf-8") if file.suffix == ".html" else None
        except UnicodeDecodeError:  # a document that an editor offers as a file
            html = None
        if html is None:
            return FileResponse(file)
        diagnostics = self.templates.get_template("diagnostics.html").render(diagnostics=self.preview.diagnostics)
        return HTMLResponse(html.replace("</body>", f"{diagnostics}{reload_script(version)}</body>"))

    def not_found(self, _request: Request, _error: Exception) -> Response:
        """What was there a moment ago: the trees are being exchanged, and the script asks again."""
        return PlainTextResponse("not found", 404)

    def _find(self, request: Request) -> Bundle | None:
        name = f"{request.path_params['key']}/{request.path_params['number']}"
        return next((bundle for bundle in bundles(self.preview.mail) if bundle.name == name), None)

    def _bundle(self, request: Request) -> Bundle:
        if (bundle := self._find(request)) is None:
            raise HTTPException(404, "no such issue")
        return bundle

    def _page(self, template: str, version: int, status: int = 200, **own: object) -> Response:
        """``version`` was read before anything that the page shows: one too old costs one more load, one too new would never load."""
        variables = {
            "bundles": bundles(self.preview.mail),
            "diagnostics": self.preview.diagnostics,
            "is_building": version == 0,
            "now": self.preview.options.now,
            "script": reload_script(version),
        }
        return HTMLResponse(self.templates.get_template(template).render(**variables, **own), status)
