"""The preview's server: the built site with the reloading script, and the issues under ``/-/``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from plugins.builder.rules import read_descriptions
from plugins.diagnostic_formats import as_github, as_json, as_sarif, as_text
from plugins.preview.issue_views import Bundle, bundles
from plugins.preview.live import LivePreview

SCRIPT = '<script src="/-/reload.js" defer></script>'
RELOAD = """
(async function wait() {
  try {
    const answer = await fetch("/-/turn?seen=" + (window.todokeTurn ?? ""));
    const turn = await answer.text();
    if (window.todokeTurn !== undefined && turn !== window.todokeTurn) { location.reload(); return; }
    window.todokeTurn = turn;
  } catch (error) { await new Promise((done) => setTimeout(done, 1000)); }
  wait();
})();
"""
PATIENCE = 2
"""Seconds that a page waits for a build in one request. The server cannot end before the request does."""

NO_SCRIPT = "default-src 'none'; style-src 'unsafe-inline'; img-src "


def create_app(workshop: LivePreview) -> Starlette:
    """Return the application. It answers at once, builds when it starts, and again after each change."""
    desk = _PreviewApp(workshop)
    return Starlette(
        routes=[
            Route("/-/", desk.overview),
            Route("/-/reload.js", desk.script),
            Route("/-/turn", desk.turn),
            Route("/-/diagnostics", desk.diagnostics),
            Route("/-/{key}/{number}/", desk.issue),
            Route("/-/{key}/{number}/html", desk.html),
            Route("/-/{key}/{number}/{name:str}", desk.text),
            Route("/{path:path}", desk.site),
        ],
        lifespan=desk.lifespan,
    )


class _PreviewApp:
    def __init__(self, workshop: LivePreview) -> None:
        self.workshop = workshop
        self.templates = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Build and watch for as long as the server runs."""
        stop = asyncio.Event()
        working = asyncio.create_task(self.workshop.work(stop))
        yield
        stop.set()
        await working

    def overview(self, _request: Request) -> Response:
        """All issues, and what the last build complained about."""
        return self._page("overview.html")

    def issue(self, request: Request) -> Response:
        """One issue, every form side by side; while there is none of that name, the overview, which loads itself again."""
        bundle = self._find(request)
        return self._page("issue.html", bundle=bundle) if bundle else self._page("overview.html", status=404)

    def html(self, request: Request) -> Response:
        """The HTML part for a frame. Nothing in it may run; images only if asked for."""
        scheme, images = request.query_params.get("scheme", "light"), request.query_params.get("images", "on")
        source = "'self'" if images == "on" else "'none'"
        return HTMLResponse(self._bundle(request).html(scheme), headers={"Content-Security-Policy": NO_SCRIPT + source})

    def text(self, request: Request) -> Response:
        """One of the text parts."""
        name = request.path_params["name"]
        if name not in ("mail.txt", "light.txt"):
            raise HTTPException(404)
        return PlainTextResponse(self._bundle(request).text(name))

    def diagnostics(self, request: Request) -> Response:
        """The diagnostics of the last build for a program: ``?format=`` text, json, sarif or github, as `todoke check --format` prints them."""
        chosen, found = request.query_params.get("format", "json"), self.workshop.diagnostics
        match chosen:
            case "json":
                return Response(as_json(found), media_type="application/json")
            case "sarif":
                return Response(as_sarif(found, read_descriptions(), version("todoke")), media_type="application/sarif+json")
            case "github":
                return PlainTextResponse(as_github(found, read_descriptions()))
            case "text":
                return PlainTextResponse(as_text(found))
        raise HTTPException(400, "format: text, json, sarif, github")

    def script(self, _request: Request) -> Response:
        """The script that waits for the next build."""
        return Response(RELOAD, media_type="text/javascript")

    async def turn(self, request: Request) -> Response:
        """Answer with the number of the build: at once the first time, otherwise when there is a new one, or after a while."""
        seen = request.query_params.get("seen", "")
        if seen.isdecimal() and int(seen) == self.workshop.turn:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.workshop.next_turn(int(seen))
            except TimeoutError:
                pass
        return PlainTextResponse(str(self.workshop.turn), headers={"Cache-Control": "no-store"})

    def site(self, request: Request) -> Response:
        """A page or file of the built site; pages get the script, and the faults on top."""
        root = self.workshop.site.resolve()
        path = (root / request.path_params["path"]).resolve()
        if not path.is_relative_to(root):
            raise HTTPException(404)
        file = path / "index.html" if path.is_dir() else path
        if not file.is_file():
            return self._page("overview.html", status=404)
        if file.suffix != ".html":
            return FileResponse(file)
        notice = self.templates.get_template("faults.html").render(faults=self.workshop.diagnostics)
        html = file.read_text(encoding="utf-8").replace("</body>", f"{notice}{SCRIPT}</body>")
        return HTMLResponse(html)

    def _find(self, request: Request) -> Bundle | None:
        name = f"{request.path_params['key']}/{request.path_params['number']}"
        return next((bundle for bundle in bundles(self.workshop.mail) if bundle.name == name), None)

    def _bundle(self, request: Request) -> Bundle:
        if (found := self._find(request)) is None:
            raise HTTPException(404, "no such issue")
        return found

    def _page(self, template: str, status: int = 200, **values: object) -> Response:
        shown = {
            "bundles": bundles(self.workshop.mail),
            "faults": self.workshop.diagnostics,
            "is_building": self.workshop.turn == 0,
            "now": self.workshop.order.now,
            "script": SCRIPT,
        }
        return HTMLResponse(self.templates.get_template(template).render(**shown, **values), status)
