"""What was found is known from one run to the next; when domains end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from alarm.alarm import Alarm
from alarm.domains import Domains
from alarm.memory import Memory
from demo.servers import free_port
from tests.samples.publishing.mirrors import Mirrors, kinds, nginx
from verifier.fetch import Fetcher


def test_what_was_found_is_still_known_after_a_restart_and_is_told_again_after_an_hour_only(mirrors: Mirrors) -> None:
    config = mirrors.config(families=("ipv4",))
    watch = mirrors.watch(config)
    memory = Memory(config.folder, watch)
    mirrors.run(watch, 60)
    mirrors.replace("index.html", b"Hacked")
    memory.keep(mirrors.run(watch, 60, until=bool))
    again = mirrors.watch(config)
    memory = Memory(config.folder, again)
    assert mirrors.run(again, 600) == []
    assert {key.kind for key in again.findings()} == {"altered"}
    events = mirrors.run(again, 3600)
    memory.keep(events)
    assert kinds(events) == {"altered"}
    assert len(json.loads((mirrors.root / "verifier" / "state.json").read_bytes())["history"]) == 2


def test_the_rdap_server_says_when_a_domain_ends(tmp_path: Path, mirrors: Mirrors) -> None:
    rdap = tmp_path / "rdap" / "domain"
    rdap.mkdir(parents=True)
    (rdap / "near.example").write_text('{"events": [{"eventAction": "expiration", "eventDate": "2026-12-31T00:00:00Z"}]}')
    (rdap / "far.example").write_text('{"events": [{"eventAction": "expiration", "eventDate": "2030-01-01T00:00:00Z"}]}')
    (rdap / "odd.example").write_text('{"events": "none"}')
    (tmp_path / "n").mkdir()
    with nginx(tmp_path / "n", {"127.0.0.1": tmp_path / "rdap"}, port := free_port()):
        mirrors.names["rdap.example.test"] = ("127.0.0.1", "")
        [mirror] = mirrors.config().mirrors
        for domain, found in (("near.example", {"domain"}), ("far.example", set()), ("odd.example", set()), ("gone.example", set())):
            named = type(mirror)(mirror.url, "www", domain=domain)
            config = mirrors.config(mirrors=(named,), rdap=f"http://rdap.example.test:{port}", folder=str(tmp_path / domain))
            watch = mirrors.watch(config)
            Domains(config, Fetcher(5.0, ("test",), mirrors.resolve)).tick(watch)
            assert {key.kind for key in watch.findings()} == found


def test_what_an_earlier_run_has_told_and_not_mended_is_mended_once_by_the_next(mirrors: Mirrors) -> None:
    """An operator looks first and lets it restore then; or the verifier ended between the alarm and the delivery."""
    config = mirrors.config(families=("ipv4",))
    watch = mirrors.watch(config)
    memory = Memory(config.folder, watch)
    mirrors.run(watch, 60)
    mirrors.replace("index.html", b"Hacked")
    memory.keep(mirrors.run(watch, 60, until=bool))
    mirrors.now += 60
    again, called = mirrors.watch(config), list[tuple[str, list[str]]]()

    def restore(name: str, paths: Sequence[str]) -> str:
        called.append((name, list(paths)))
        return "mended"

    alarm = Alarm(config, again, restore)
    Memory(config.folder, again)
    lines = []
    for _ in range(5):
        lines += alarm.handle(again.tick())
        mirrors.now += again.wait()
    assert called == [("www", ["index.html"])]
    assert lines[0].startswith("STILL 続く FOUND 発見 [altered] www ipv4 index.html") and lines[1:] == ["RESTORED 復旧 www: mended"]
