"""What runs for weeks learns of a new list by itself, never half of a build, and never from a damaged one."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailer import log
from mailer.live_bundle import LiveBundle
from mailer.log import LogKind
from mailer.model.errors import BundleError
from tests.samples.mail.mail_bundles import write_lists

SERVICE = "https://mail.example.jp"


@dataclass
class TurnedSeconds:
    now: float = 100.0

    def __call__(self) -> float:
        self.now += 10  # every look is due
        return self.now


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    out = io.StringIO()
    log.configure(LogKind.TEXT, out)
    yield out
    log.reset()


def exchange(root: Path, *keys: str, title: str | None = None) -> None:
    """As a build does it: a whole new folder takes the place of the old one."""
    new = root.with_name("new")
    write_lists(new, *keys)
    if title is not None:
        (new / "site.json").write_text(json.dumps(site(title)), "utf-8")
    if root.exists():
        root.rename(root.with_name(f"old-{len([*root.parent.iterdir()])}"))
    new.rename(root)


def site(title: str) -> dict[str, object]:
    return {
        "schema": 1, "title": title, "organisation": "宮城県（見本）", "postal_address": "仙台市", "contact": "todoke@example.jp",
        "url": "https://todoke.example.jp", "service": SERVICE,
    }  # fmt: skip


def live_of(root: Path) -> LiveBundle:
    return LiveBundle(root, SERVICE, TurnedSeconds())


def test_a_list_that_a_build_adds_is_there_without_a_restart_and_one_that_it_takes_away_is_gone(tmp_path: Path, lines: io.StringIO) -> None:
    root = tmp_path / "mail"
    exchange(root, "fukko-press", title="復興ポータル")
    live = live_of(root)
    kept = live.lists
    exchange(root, "fukko-press", "mailmaga", title="新しい名前")
    assert set(kept) == {"fukko-press", "mailmaga"} and "mailmaga" in kept and len(kept) == 2
    assert live.head().site is not None and live.head().site.title == "新しい名前"  # type: ignore[union-attr]
    exchange(root, "mailmaga")
    assert kept.get("fukko-press") is None and [key for key, _ in kept.items()] == ["mailmaga"]
    assert live.head().site is None
    assert lines.getvalue().count("lists read again") == 2


def test_the_same_lists_built_again_are_the_same_object(tmp_path: Path, lines: io.StringIO) -> None:
    root = tmp_path / "mail"
    exchange(root, "fukko-press")
    live = live_of(root)
    head = live.head()
    exchange(root, "fukko-press")
    assert live.head() is head
    assert lines.getvalue() == ""


@pytest.mark.parametrize("damage", ["{", "[]", '{"schema": 2, "lists": []}', None])
def test_damaged_lists_leave_the_last_good_ones_in_force_and_are_told_once(tmp_path: Path, damage: str | None, lines: io.StringIO) -> None:
    root = tmp_path / "mail"
    exchange(root, "fukko-press")
    live = live_of(root)
    if damage is None:
        (root / "lists.json").unlink()
    else:
        (root / "lists.json").write_text(damage, "utf-8")
    for _ in range(5):
        assert set(live.lists) == {"fukko-press"}
    assert lines.getvalue().count("the last good ones stay") == 1
    exchange(root, "mailmaga")
    assert set(live.lists) == {"mailmaga"}


def test_a_damaged_site_does_not_bring_in_the_lists_beside_it(tmp_path: Path, lines: io.StringIO) -> None:
    root = tmp_path / "mail"
    exchange(root, "fukko-press", title="復興ポータル")
    live = live_of(root)
    (root / "site.json").write_text("{", "utf-8")
    write_lists(root, "mailmaga")
    assert set(live.lists) == {"fukko-press"}
    assert "the last good ones stay" in lines.getvalue()


def test_without_a_good_bundle_at_the_start_the_process_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="Build the site first"):
        live_of(tmp_path / "mail")


def test_between_two_looks_the_files_are_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    exchange(root, "fukko-press")
    live = LiveBundle(root, SERVICE, lambda: 100.0)
    exchange(root, "mailmaga")
    assert set(live.lists) == {"fukko-press"}
