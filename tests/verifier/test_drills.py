"""Defacement drills: real mirrors behind a real nginx, altered as intruders alter them. Each alteration of a critical page is found within 60 seconds."""

from __future__ import annotations

import shutil

import pytest

from tests.samples.publishing.mirrors import ELSEWHERE, Mirrors, kinds


def test_a_mirror_that_shows_the_release_gives_no_finding_in_an_hour_over_both_families(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config())
    assert mirrors.run(watch, 3600) == []
    assert [(view.family, view.trust.release.number) for view in watch.views] == [("ipv4", 1), ("ipv6", 1)]


def flip_a_bit(mirrors: Mirrors) -> None:
    data = bytearray(mirrors.file("index.html").read_bytes())
    data[5] ^= 1
    mirrors.replace("index.html", bytes(data))


def add_a_script(mirrors: Mirrors) -> None:
    mirrors.replace("index.html", mirrors.file("index.html").read_bytes() + b"<script src='https://evil.example/x.js'></script>")


def replace_the_page(mirrors: Mirrors) -> None:
    mirrors.replace("index.html", b"<h1>Hacked</h1>")


def empty_the_page(mirrors: Mirrors) -> None:
    mirrors.replace("index.html", b"")


@pytest.mark.parametrize("alter", [flip_a_bit, add_a_script, replace_the_page, empty_the_page])
def test_an_altered_critical_page_is_found_within_a_minute(mirrors: Mirrors, alter: object) -> None:
    assert callable(alter)
    watch = mirrors.watch(mirrors.config())
    mirrors.run(watch, 100)
    alter(mirrors)
    found, seconds = mirrors.find(watch)
    assert found == {("index.html", "altered")}
    assert seconds <= 60


def test_a_style_sheet_that_a_critical_page_loads_is_critical_too(mirrors: Mirrors) -> None:
    mirrors.publishing.write("index.html", "<link rel='stylesheet' href='/theme/style.css'>")
    mirrors.publish()
    watch = mirrors.watch(mirrors.config())
    mirrors.run(watch, 100)
    mirrors.replace("theme/style.css", b"body{display:none}")
    found, seconds = mirrors.find(watch)
    assert found == {("theme/style.css", "altered")}
    assert seconds <= 60


def test_a_missing_critical_page_is_found(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config())
    mirrors.run(watch, 100)
    mirrors.file("press/index.html").unlink()
    found, seconds = mirrors.find(watch)
    assert found == {("press/index.html", "missing")}
    assert seconds <= 60


def test_any_other_page_is_found_within_an_hour(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config())
    mirrors.run(watch, 4000)
    mirrors.renew()
    mirrors.replace("press/2026/bridge/index.html", b"<p>Pay here</p>")
    found, _ = mirrors.find(watch, 3600)
    assert found == {("press/2026/bridge/index.html", "altered")}


def test_a_file_that_no_release_has_is_found_when_a_page_leads_to_it(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config())
    mirrors.run(watch, 100)
    mirrors.replace("press/prize.html", b"<form action='https://evil.example/'>")
    mirrors.replace("index.html", b"<a href='//[broken'></a><a href='press/prize.html'>A prize</a>")
    mirrors.run(watch, 60)
    assert {(key.subject, key.kind) for key in watch.findings()} == {("index.html", "altered"), ("press/prize.html", "added")}


def test_a_link_of_a_released_page_to_nothing_is_found_when_somebody_puts_a_file_there(mirrors: Mirrors) -> None:
    mirrors.publishing.write("index.html", "<a href='/old/'>moved away</a>")
    mirrors.publish()
    watch = mirrors.watch(mirrors.config())
    assert mirrors.run(watch, 100) == []
    mirrors.replace("old/index.html", b"Casino")
    found, _ = mirrors.find(watch, 3600)
    assert found == {("old/index.html", "added")}


def test_a_name_that_leads_to_another_server_is_found_although_nothing_there_is_signed(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config("www", "second", families=("ipv4",)))
    mirrors.run(watch, 100)
    (mirrors.root / "elsewhere" / "index.html").write_text("parked")
    mirrors.names["www.example.test"] = (ELSEWHERE, "::1")
    found, seconds = mirrors.find(watch)
    assert {("", "forged"), ("index.html", "altered")} <= found
    assert {key.mirror for key in watch.findings()} == {"www"}
    assert seconds <= 60


def test_a_name_that_leads_to_another_server_is_found_by_its_address_although_that_copies_every_byte(mirrors: Mirrors) -> None:
    config = mirrors.config()
    [mirror] = config.mirrors
    watch = mirrors.watch(mirrors.config(mirrors=(type(mirror)(mirror.url, "www", ("127.0.0.1", "::1")),)))
    mirrors.run(watch, 100)
    shutil.rmtree(mirrors.root / "elsewhere")
    shutil.copytree(mirrors.root / "www" / "current", mirrors.root / "elsewhere")
    mirrors.names["www.example.test"] = (ELSEWHERE, "::1")
    found, seconds = mirrors.find(watch)
    assert found == {("", "dns")}
    assert seconds <= 60


def test_an_old_release_that_is_served_again_is_found(mirrors: Mirrors) -> None:
    mirrors.publishing.write("index.html", "<h1>second</h1>")
    mirrors.publish()
    watch = mirrors.watch(mirrors.config())
    mirrors.run(watch, 100)
    link = mirrors.root / "www" / "current"
    shown = str(link.readlink())
    link.unlink()
    link.symlink_to("slots/a" if shown.endswith("b") else "slots/b")
    found, seconds = mirrors.find(watch)
    assert ("", "rolled-back") in found
    assert seconds <= 60


def test_an_old_release_is_found_by_a_verifier_that_was_started_anew(mirrors: Mirrors) -> None:
    mirrors.publish()
    mirrors.run(mirrors.watch(mirrors.config()), 100)
    link = mirrors.root / "www" / "current"
    shown = str(link.readlink())
    link.unlink()
    link.symlink_to("slots/a" if shown.endswith("b") else "slots/b")
    found, _ = mirrors.find(mirrors.watch(mirrors.config()))
    assert ("", "rolled-back") in found


def test_a_mirror_that_is_frozen_for_two_days_is_found_in_hours_and_is_stale_after_a_day(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config("www", "second", families=("ipv4",), interval=1800))
    started = mirrors.now
    seen: dict[str, float] = {}
    while mirrors.now < started + 2 * 86400:
        mirrors.renew("second")
        for kind in kinds(mirrors.run(watch, 3600)):
            seen.setdefault(kind, (mirrors.now - started) / 3600)
    assert seen.keys() == {"frozen", "stale"}
    assert seen["frozen"] <= 4.1
    assert 24 <= seen["stale"] <= 25.1
    assert {key.mirror for key in watch.findings()} == {"www"}
