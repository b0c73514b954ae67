"""A static web server on loopback that does what a production server is asked to do: gzip, cache headers, 404 with the site's own page."""

from __future__ import annotations

import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit

_SQUEEZED = frozenset({".html", ".css", ".js", ".json", ".xml", ".svg", ".txt", ".csv", ".vtt", ".ics"})
_TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json",
    ".xml": "application/xml", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8", ".png": "image/png", ".jpg": "image/jpeg",
    ".webp": "image/webp", ".avif": "image/avif", ".csv": "text/csv; charset=utf-8", ".vtt": "text/vtt", ".pdf": "application/pdf",
    ".ics": "text/calendar; charset=utf-8", ".mp4": "video/mp4",
}  # fmt: skip


class _Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: object, folder: Path) -> None:
        self.folder = folder.resolve()
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Send the file, or the site's page for what is not there."""
        path = self._file()
        if path is None:
            self._send(HTTPStatus.NOT_FOUND, self.folder / "404.html")
        else:
            self._send(HTTPStatus.OK, path)

    do_HEAD = do_GET

    def _file(self) -> Path | None:
        path = (self.folder / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        if not path.is_relative_to(self.folder):
            return None
        path = path / "index.html" if self.path.split("?")[0].endswith("/") else path
        return path if path.is_file() else None

    def _send(self, status: HTTPStatus, path: Path) -> None:
        body = path.read_bytes()
        squeeze = path.suffix in _SQUEEZED and "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(body, mtime=0) if squeeze else body
        self.send_response(status)
        self.send_header("Content-Type", _TYPES.get(path.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(body)))
        # GOV.UK keeps pages for five minutes; what has a fixed address and seldom changes may stay a year.
        self.send_header("Cache-Control", "public, max-age=300" if path.suffix == ".html" else "public, max-age=31536000")
        self.send_header("Vary", "Accept-Encoding")
        if squeeze:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve ``folder`` on a free port of 127.0.0.1; yields the address without a trailing slash."""
    handler = functools.partial(_Site, folder=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
