"""Certificates of a real nginx: valid, near its end, ended, of another name. TLS proves that an answer is the mirror's own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from alarm.settings import Settings
from demo.servers import free_port
from tests.samples.publishing.mirrors import WWW, Mirrors, nginx
from tests.verifier.certificates import Authority
from verifier.model import Mirror

TODAY = dt.datetime.now(dt.UTC)
"""OpenSSL reads the wall clock: so the certificates are made for it, and the verifier's clock is set to it."""


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """One that OpenSSL trusts."""
    authority = Authority(tmp_path, TODAY)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


def https(mirrors: Mirrors) -> Settings:
    mirrors.now = TODAY.timestamp()
    mirrors.publish()
    mirror = Mirror(f"https://www.example.test:{mirrors.port}", "www")
    return mirrors.config(mirrors=(mirror,), families=("ipv4",))


@pytest.mark.parametrize(
    ("host", "days", "found"),
    [
        ("www.example.test", 90, set()),
        ("www.example.test", 20, {("", "certificate")}),
        ("www.example.test", -1, {("", "certificate")}),
    ],
)
def test_a_certificate_is_found_when_it_ends_within_21_days_or_has_ended(
    tmp_path: Path, authority: Authority, host: str, days: int, found: set[tuple[str, str]]
) -> None:
    mirrors = Mirrors(tmp_path, free_port())
    with nginx(
        tmp_path,
        {f"{WWW}": mirrors.root / "www" / "current"},
        mirrors.port,
        authority.issue(host, TODAY + dt.timedelta(days=days)),
        tls=True,
    ):
        assert mirrors.find(mirrors.watch(https(mirrors)))[0] == found


def test_a_certificate_of_another_name_counts_only_if_the_network_is_sound(tmp_path: Path, authority: Authority) -> None:
    mirrors = Mirrors(tmp_path, free_port())
    line = authority.issue("other.example.test", TODAY + dt.timedelta(days=90))
    with nginx(tmp_path, {f"{WWW}": mirrors.root / "www" / "current"}, mirrors.port, line, tls=True):
        config = https(mirrors)
        assert mirrors.find(mirrors.watch(config))[0] == set()  # a captive portal does the same
        (tmp_path / "b").mkdir()
        port = free_port()
        with nginx(tmp_path / "b", {"127.0.0.1": mirrors.root / "second" / "current"}, port):
            mirrors.names["second.example.test"] = ("127.0.0.1", "")
            both = (*config.mirrors, Mirror(f"http://second.example.test:{port}", "second"))
            config = mirrors.config(mirrors=both, families=("ipv4",), folder=str(tmp_path / "anew"))
            assert mirrors.find(mirrors.watch(config))[0] == {("", "certificate")}


def test_over_https_a_mirror_that_lost_its_proof_is_accused_without_any_other_mirror(tmp_path: Path, authority: Authority) -> None:
    mirrors = Mirrors(tmp_path, free_port())
    line = authority.issue("www.example.test", TODAY + dt.timedelta(days=90))
    with nginx(tmp_path, {f"{WWW}": mirrors.root / "www" / "current"}, mirrors.port, line, tls=True):
        watch = mirrors.watch(https(mirrors))
        mirrors.run(watch, 60)
        mirrors.file(".well-known/todoke/metadata/timestamp.json").unlink()
        mirrors.replace("index.html", b"Hacked")
        found, seconds = mirrors.find(watch)
        assert found == {("", "forged"), ("index.html", "altered")}
        assert seconds <= 60
