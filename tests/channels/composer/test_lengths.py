"""How each network counts, by examples of its own documentation."""

from __future__ import annotations

import pytest

from channels.composer.lengths import graphemes, json_bytes, mastodon_length, utf16_units, x_weight


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("abc", 3),
        ("日本語", 6),
        ("cafe\u0301", 4),  # NFC first
        ("👨‍👩‍👧‍👦", 2),  # an emoji counts two, however many code points it has
        ("🇯🇵", 2),
        ("👩🏽‍🚒", 2),
        ("1️⃣", 2),
        ("‘quoted’ – dash…", 17),  # the ellipsis U+2026 counts two, the quotation marks one
        ("https://www.example.jp/" + "a" * 500, 23),
        ("見て https://www.example.jp/x 。", 4 + 1 + 23 + 1 + 2),
        ("https://www.example.jp/x.", 24),  # a full stop behind it is no part of the link
        ("example.jp", 23),  # made a link too
        ("http://127.0.0.1/x", 18),  # not a link
        ("me@example.jp", 13),
    ],
)
def test_x_counts_as_twitter_text_does(text: str, weight: int) -> None:
    assert x_weight(text) == weight


def test_a_sequence_of_emoji_that_unicode_does_not_list_is_counted_piece_by_piece() -> None:
    assert x_weight("🐟\u200d🐟\u200d🐟") == 8


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("日本語", 3),
        ("👨‍👩‍👧‍👦🇯🇵", 2),
        ("https://www.example.jp/" + "a" * 99, 23),
        ("@news@social.example.jp です", 8),
        ("a@example.jp", 12),
    ],
)
def test_mastodon_counts_graphemes_and_links_as_23_and_no_servers_of_accounts(text: str, length: int) -> None:
    assert mastodon_length(text) == length


def test_line_counts_utf_16_units_bluesky_graphemes_and_a_push_the_bytes_of_its_json() -> None:
    assert utf16_units("髙𠮷👨‍👩‍👧") == 1 + 2 + 8
    assert graphemes("が👨‍👩‍👧") == 2
    assert json_bytes('"あ"\n') == 2 + 3 + 2 + 2
