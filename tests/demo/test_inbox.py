"""The demonstration's inbox reads the headers of each message once, and finds messages by their reader."""

from __future__ import annotations

from pathlib import Path

from demo.inbox import Inbox, Summary

MAIL = (
    "To: =?utf-8?b?5L2Q6JekIOWkqumDjg==?= <reader{number:04}@example.jp>\r\nSubject: =?utf-8?b?5pil44Gu?=\r\n =?utf-8?b?5Y+3?=\r\n"
    "Archived-At: <https://site.example.jp/mail/press/1/>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nText {number}\r\n"
)


def deliver(folder: Path, number: int) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{number:04}.M1P1.host"
    path.write_bytes(MAIL.format(number=number).encode())
    return path


def test_a_list_of_messages_shows_decoded_headers(tmp_path: Path) -> None:
    deliver(tmp_path / "new", 1)
    (summary,) = Inbox(tmp_path / "new").summaries()
    assert summary == Summary("0001.M1P1.host", "佐藤 太郎 <reader0001@example.jp>", "春の号", "<https://site.example.jp/mail/press/1/>")


def test_no_message_is_read_twice_and_new_ones_are_seen(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "new")
    assert inbox.summaries() == []
    files = [deliver(tmp_path / "new", number) for number in range(300)]
    before = inbox.summaries()
    for file in files:
        file.write_bytes(b"")  # whoever reads it again finds nothing
    deliver(tmp_path / "new", 300)
    assert inbox.summaries()[:300] == before and len(inbox.summaries()) == 301


def test_a_reader_is_found_and_a_name_outside_of_the_folder_is_none(tmp_path: Path) -> None:
    deliver(tmp_path / "new", 7)
    (tmp_path / "secret").write_bytes(MAIL.format(number=8).encode())
    inbox = Inbox(tmp_path / "new")
    message = inbox.find(to="reader0007")
    assert message is not None and message.text.strip() == "Text 7"
    assert inbox.find(to="reader0008") is None and inbox.message("../secret") is None
