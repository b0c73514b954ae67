"""`todoke subscribers revoke-links`."""

from __future__ import annotations

from tests.samples.mail.mail_terminal import Terminal


def test_revoking_links_names_the_reader_and_refuses_a_stranger(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    assert "older links are revoked" in terminal.run("subscribers revoke-links READER1@example.jp", mail=False).output
    assert "Subscriber 1: older links" in terminal.run("subscribers revoke-links 1", mail=False).output
    assert terminal.run("subscribers revoke-links 99", mail=False).exit_code == 1
    stranger = terminal.run("subscribers revoke-links nobody@example.jp", mail=False)
    assert stranger.exit_code == 1 and "no subscriber" in stranger.stderr
    assert terminal.run("subscribers revoke-links nobody", mail=False).exit_code == 2
