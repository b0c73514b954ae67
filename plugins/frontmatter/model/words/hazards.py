"""What notices warn of: one word for editors, its category in CAP, and its name in English and in やさしい日本語."""

from __future__ import annotations

from typing import NamedTuple


class Hazard(NamedTuple):
    """``category`` is one of CAP 1.2, 3.2.2. ``english`` is CAP's ``event`` in English; ``easy`` says the same in plain Japanese."""

    word: str
    category: str
    english: str
    easy: str


HAZARDS: dict[str, Hazard] = {
    hazard.word: hazard
    for hazard in (
        Hazard("大雨", "Met", "Heavy rain", "とても 強い 雨"),
        Hazard("氾濫", "Met", "River flooding", "川の 水が あふれること"),
        Hazard("土砂災害", "Geo", "Landslide", "山や がけが くずれること"),
        Hazard("高潮", "Met", "Storm surge", "海の 水が 高くなること"),
        Hazard("高波", "Met", "High waves", "海の 波が 高くなること"),
        Hazard("暴風", "Met", "Violent wind", "とても 強い 風"),
        Hazard("竜巻", "Met", "Tornado", "うずを まく 強い 風"),
        Hazard("大雪", "Met", "Heavy snow", "たくさんの 雪"),
        Hazard("熱中症", "Health", "Extreme heat", "とても 暑いこと"),
        Hazard("地震", "Geo", "Earthquake", "地震"),
        Hazard("津波", "Geo", "Tsunami", "津波（海から 来る とても 高い 波）"),
        Hazard("火山", "Geo", "Volcanic activity", "火山（火や 灰を 出す 山）"),
        Hazard("火災", "Fire", "Fire", "火事"),
        Hazard("断水", "Infra", "Water supply cut", "水道の 水が 出ないこと"),
        Hazard("停電", "Infra", "Power cut", "電気が 使えないこと"),
        Hazard("ガス", "Infra", "Gas supply cut", "ガスが 使えないこと"),
        Hazard("通信", "Infra", "Telephone or Internet failure", "電話や インターネットが 使えないこと"),
        Hazard("交通", "Transport", "Road or rail closure", "道や 電車が 使えないこと"),
        Hazard("感染症", "Health", "Infectious disease", "うつる 病気"),
        Hazard("原子力", "CBRNE", "Nuclear emergency", "原子力発電所の 事故"),
        Hazard("化学物質", "CBRNE", "Hazardous material", "あぶない 薬品が もれること"),
        Hazard("国民保護", "Security", "Civil protection", "攻撃の おそれ"),
        Hazard("動物", "Safety", "Dangerous animal", "あぶない 動物"),
        Hazard("その他", "Other", "Emergency", "あぶないこと"),
    )
}
