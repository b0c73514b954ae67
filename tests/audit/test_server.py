"""The web server of the audit does what Lighthouse and a reader's browser expect of a production server."""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from audit.server import serving

PAGE = "<!doctype html><title>題</title><p>" + "港が開きました。" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "a").mkdir(parents=True)
    (site / "index.html").write_text(PAGE, encoding="utf-8")
    (site / "a" / "index.html").write_text(PAGE, encoding="utf-8")
    (site / "404.html").write_text("<!doctype html><title>ありません</title>", encoding="utf-8")
    (site / "style.css").write_text("body { color: #000 }\n" * 100, encoding="utf-8")
    (site / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    (tmp_path / "secret.txt").write_text("not a part of the site", encoding="utf-8")
    return site


@contextmanager
def answer(folder: Path, path: str, method: str = "GET", **headers: str) -> Iterator[tuple[http.client.HTTPResponse, bytes]]:
    """Ask for ``path`` as it is written: `urllib` would already take out its dots."""
    with serving(folder) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        yield response, response.read()
        connection.close()


def test_the_address_of_a_folder_serves_its_index_page_as_gzip(folder: Path) -> None:
    with answer(folder, "/a/", **{"Accept-Encoding": "gzip"}) as (response, body):
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in response.headers["Vary"]
        assert gzip.decompress(body).decode() == PAGE


def test_a_client_that_does_not_ask_for_gzip_gets_the_plain_page(folder: Path) -> None:
    with answer(folder, "/") as (response, body):
        assert response.headers["Content-Encoding"] is None
        assert body.decode() == PAGE


def test_a_picture_is_not_compressed_a_second_time(folder: Path) -> None:
    with answer(folder, "/picture.png", **{"Accept-Encoding": "gzip"}) as (response, body):
        assert (response.headers["Content-Type"], response.headers["Content-Encoding"]) == ("image/png", None)
        assert len(body) == 1008


@pytest.mark.parametrize(("path", "age"), [("/", 300), ("/a/", 300), ("/style.css", 31_536_000), ("/picture.png", 31_536_000)])
def test_browsers_may_keep_pages_for_minutes_and_files_for_a_year(folder: Path, path: str, age: int) -> None:
    with answer(folder, path) as (response, _):
        assert response.headers["Cache-Control"] == f"public, max-age={age}"


def test_an_unknown_address_gets_the_page_of_the_site_with_status_404(folder: Path) -> None:
    with answer(folder, "/no/such/page/") as (response, body):
        assert response.status == 404
        assert "ありません" in body.decode()


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/a/../../secret.txt", "//secret.txt"])
def test_nothing_outside_of_the_folder_is_served(folder: Path, path: str) -> None:
    with answer(folder, path) as (response, body):
        assert response.status == 404
        assert b"not a part" not in body


def test_a_head_request_gets_the_headers_and_no_body(folder: Path) -> None:
    with answer(folder, "/style.css", "HEAD") as (response, body):
        assert (response.status, body) == (200, b"")
        assert response.headers["Content-Type"] == "text/css; charset=utf-8"
