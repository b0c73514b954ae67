"""What was found is known from one run to the next; when domains end."""

from __future__ import annotations

import json
from pathlib import Path

from alarm.domains import Domains
from alarm.memory import Memory
from demo.servers import free_port
from tests.samples.mirrors import Mirrors, kinds, nginx
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
