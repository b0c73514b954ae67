"""What others put into the pack: text without addresses, nothing of other days, no link, and each thing that is left out is named."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest

from publisher.proof import masking
from publisher.proof.masking import take_folder

FIRST, LAST = dt.date(2026, 4, 1), dt.date(2027, 3, 31)


def nothing(_sha256: str) -> bool:
    """Nothing was ever released."""
    return False


def test_a_masked_text_keeps_the_digest_of_its_original(tmp_path: Path) -> None:
    text = "復元した。担当 操作員 <ops@pref.example.jp>、宛先 a@example.jp。"
    (tmp_path / "drill.md").write_text(text, encoding="utf-8")
    taken = take_folder(tmp_path, "drills", FIRST, LAST, nothing)
    assert taken.parts == {"drills/drill.md": "復元した。担当 操作員 <(address)>、宛先 (address)。".encode()}
    assert hashlib.sha256(text.encode()).hexdigest() in taken.notes[0] and "2 mail addresses masked" in taken.notes[0]


def test_days_outside_of_the_range_are_left_out_and_counted(tmp_path: Path) -> None:
    for name in ("2026-04-01/status.html", "20270331.json", "20270401.json", "2026-03-31.json", "2026-99-99.json", "plan.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    taken = take_folder(tmp_path, "verifier", FIRST, LAST, nothing)
    assert sorted(taken.parts) == [
        f"verifier/{name}" for name in ("2026-04-01/status.html", "2026-99-99.json", "20270331.json", "plan.txt")
    ]
    assert "2 files name a day outside" in taken.notes[0]


def test_links_hidden_files_and_strange_names_do_not_come_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key", encoding="utf-8")
    folder = tmp_path / "drills"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text("x", encoding="utf-8")
    (folder / "link").symlink_to(secret)
    (folder / "folder").symlink_to(tmp_path)
    (folder / "a\nb.txt").write_text("x", encoding="utf-8")
    (folder / "film.bin").write_bytes(b"\xff\xfe")
    (folder / "long.txt").write_text("12345", encoding="utf-8")
    monkeypatch.setattr(masking, "MOST_BYTES", 4)
    taken = take_folder(folder, "drills", FIRST, LAST, nothing)
    assert taken.parts == {"drills/film.bin": b"\xff\xfe"}
    assert [next(word for word in ("control", "no text", "has 5 bytes") if word in note) for note in taken.notes] == [
        "control",
        "no text",
        "has 5 bytes",
    ]


def test_a_folder_that_is_not_there_gives_nothing(tmp_path: Path) -> None:
    taken = take_folder(tmp_path / "nowhere", "drills", FIRST, LAST, nothing)
    assert not taken.parts and not taken.notes


def test_an_address_of_a_released_page_is_seen_and_one_that_only_the_altered_page_has_is_masked(tmp_path: Path) -> None:
    page = '<a href="mailto:doboku@pref.example.jp">doboku@pref.example.jp</a><p>橋が通れます</p>'
    evidence = tmp_path / "evidence/2026-05-01"
    evidence.mkdir(parents=True)
    (evidence / "released.body").write_text(page, encoding="utf-8")
    (evidence / "seen.body").write_text(page.replace("橋が", "<a href='mailto:reader@example.jp'>"), encoding="utf-8")
    (tmp_path / "other.txt").write_text("reader@example.jp doboku@pref.example.jp", encoding="utf-8")
    released = hashlib.sha256(page.encode()).hexdigest()
    taken = take_folder(tmp_path, "verifier", FIRST, LAST, lambda sha256: sha256 == released)
    texts = {path: part.decode() for path, part in taken.parts.items() if isinstance(part, bytes)}
    assert texts["verifier/evidence/2026-05-01/released.body"] == page
    assert texts["verifier/evidence/2026-05-01/seen.body"].count("doboku@pref.example.jp") == 2
    assert texts["verifier/other.txt"] == "(address) doboku@pref.example.jp"
    assert not any("reader@" in text for text in texts.values()) and len(taken.notes) == 2
