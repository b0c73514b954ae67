"""The sample configurations of web servers for the public site: nginx runs as it is (ports and files changed), and Chromium shows the site behind it."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from demo.servers import free_port
from tests.mailer.web.test_proxies import is_listening
from tests.samples.tiny import TinySite, make_site

SAMPLES = Path("docs/samples/site")
SCRIPTED = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>document.documentElement.setAttribute("ran", "")</script></svg>'
)
POLICY = re.compile(r"default-src 'none'; [^\"\n]*")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build a small site, put hostile files into it by hand, and serve it with nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    site = make_site(folder / "checkout")
    site.image()
    site.article("press/2020/a.md", lead="![海の写真です](../../images/sea.png)\n\n本文です。")
    site.build()
    for name, text in {
        "images/a.svg": SCRIPTED,
        "files/a.html": "<script>document.documentElement.setAttribute('ran', '')</script>",
        "files/a.pdf": "%PDF-1.7",
    }.items():
        (site.site / name).parent.mkdir(exist_ok=True)
        (site.site / name).write_text(text, encoding="utf-8")
    with nginx(folder, site) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def nginx(folder: Path, site: TinySite, service: str = "") -> Iterator[int]:
    """Run the sample as an operator changes it. `service`: the origin of the subscription service instead of the sample's; empty: it is left as it was."""
    port = free_port()
    sample = (SAMPLES / "nginx.conf").read_text("utf-8").replace("/srv/todoke/output/site", str(site.site.absolute()))
    sample = sample.replace("https://mail.todoke.example.jp;", f"{service};") if service else sample
    sample = re.sub(r"(?m)^ *(listen \[::\]:|ssl_).*\n", "", sample).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nuser root;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{sample}}}\n",
        "utf-8",
    )
    command = [shutil.which("nginx") or "/usr/sbin/nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    with subprocess.Popen(command) as process:
        try:
            while not is_listening(port):
                assert process.poll() is None, (folder / "error.log").read_text()
            yield port
        finally:
            process.terminate()


def headers(address: str) -> Message:
    with urllib.request.urlopen(address) as answer:
        found: Message = answer.headers
        return found


@pytest.mark.parametrize(
    ("path", "kind", "policy"),
    [
        ("/", "text/html", "script-src 'self'"),
        ("/press/2020/05/a/", "text/html", "frame-ancestors 'self'"),
        ("/feed.xml", "text/xml", "default-src 'none'"),
        ("/images/a.svg", "image/svg+xml", "sandbox"),
        ("/files/a.html", "text/html", "sandbox"),
        ("/files/a.pdf", "application/pdf", ""),
        ("/theme/style.css", "text/css", "default-src 'none'"),
    ],
)
def test_nginx_sends_each_kind_of_file_with_its_type_its_policy_and_nosniff(address: str, path: str, kind: str, policy: str) -> None:
    found = headers(address + path)
    assert found.get_content_type() == kind
    assert found["X-Content-Type-Options"] == "nosniff"
    assert (policy in found["Content-Security-Policy"]) if policy else found["Content-Security-Policy"] is None


@pytest.mark.parametrize("path", ["/", "/press/2020/05/a/", "/search/?q=本文", "/press/"])
def test_pages_work_under_the_policy(address: str, browser: Browser, path: str) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(address + path, wait_until="networkidle")
    assert complaints == []
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") != "400"  # the style sheet counts
    page.close()


@pytest.mark.parametrize("path", ["/images/a.svg", "/files/a.html"])
def test_a_script_in_a_file_of_an_editor_does_not_run(address: str, browser: Browser, path: str) -> None:
    page = browser.new_page()
    page.goto(address + path)
    assert page.locator("[ran]").count() == 0
    page.close()


def test_all_samples_state_the_same_policies() -> None:
    expected = set(POLICY.findall((SAMPLES / "nginx.conf").read_text("utf-8")))
    assert len(expected) == 2
    for name in ("apache.conf", "Caddyfile"):
        assert set(POLICY.findall((SAMPLES / name).read_text("utf-8"))) == expected
    assert next(policy for policy in expected if "script-src" in policy) in (SAMPLES / "_headers").read_text("utf-8")
