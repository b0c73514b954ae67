"""Numbers with units, as a screen reader has to say them."""

from __future__ import annotations

import pytest

from plugins.typography.dates import aloud


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("98.6km", "98.6 キロメートル"),
        ("63％92橋のうち58橋", "63 パーセント、92 橋のうち58 橋"),
        ("1,200ha", "1,200 ヘクタール"),
        ("12か所", "12 か所"),
        ("5 km", "5 キロメートル"),
        ("10mmと3m²", "10 ミリメートルと3 平方メートル"),
        ("A4、3mail、2021", "A4、3mail、2021"),
    ],
)
def test_units_are_words_after_a_pause(text: str, said: str) -> None:
    assert aloud(text) == said
