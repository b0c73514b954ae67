"""Serves a built site on loopback as a production web server would: gzip, cache headers, the site's own page for 404.

Starlette's `StaticFiles` reads the files; uvicorn runs in a thread of this process, so that Playwright's synchronous API can drive the browser.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_PAGE_AGE, _FILE_AGE = 300, 31_536_000
"""Seconds that a browser may keep a page, and any other file. GOV.UK keeps pages for five minutes; a file whose address never changes may stay a year."""

_SHUTDOWN_SECONDS = 5


Rewrite = Callable[[bytes], bytes]
"""What is to be done with the HTML of a page before it is sent."""


class _SiteFiles(StaticFiles):
    """Static files with ``Cache-Control`` (RFC 9111, 5.2.2.1): Lighthouse takes points off for files that a browser may not keep."""

    def __init__(self, directory: Path, rewrite: Rewrite | None) -> None:
        super().__init__(directory=directory, html=True)
        self._rewrite = rewrite

    def file_response(
        self, full_path: os.PathLike[str] | str, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        if self._rewrite and Path(full_path).suffix == ".html":
            return HTMLResponse(self._rewrite(Path(full_path).read_bytes()), status_code)
        response = super().file_response(full_path, stat_result, scope, status_code)
        age = _PAGE_AGE if Path(full_path).suffix == ".html" else _FILE_AGE
        response.headers["Cache-Control"] = f"public, max-age={age}"
        return response


@contextmanager
def serving(folder: Path, rewrite: Rewrite | None = None) -> Iterator[str]:
    """Serve ``folder`` on a free port of 127.0.0.1, its pages changed by ``rewrite``; yield the address without a trailing slash."""
    app = Starlette(routes=[Mount("/", _SiteFiles(folder, rewrite))], middleware=[Middleware(GZipMiddleware)])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_SHUTDOWN_SECONDS)
    server = uvicorn.Server(config)
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as listener:  # connections wait in its queue until uvicorn accepts them: no need to wait for the start
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
