"""The few words around a message, in each language: what the fields are called. The messages themselves are written by people (`Wording`)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple


class Labels(NamedTuple):
    """``until`` is a sentence with the moment in it; ``level`` names 警戒レベル with its number."""

    do_now: str
    what: str
    where: str
    until_name: str
    until: str
    who: str
    phone: str
    level: str
    japanese: str


_OF: dict[str, Labels] = {
    "en": Labels("What to do now", "What", "Where", "Until", "Until {}", "From", "Telephone", "Alert level {} (of 5)", "Full information (in Japanese)"),
    "zh-Hans": Labels("现在请这样做", "情况", "地区", "有效期", "到{}为止", "发布者", "电话", "警戒级别{}（最高5）", "详细信息（日语）"),
    "zh-Hant": Labels("現在請這樣做", "情況", "地區", "有效期", "到{}為止", "發布者", "電話", "警戒級別{}（最高5）", "詳細資訊（日語）"),
    "ko": Labels("지금 할 일", "상황", "지역", "기한", "{}까지", "발표", "전화", "경계 레벨 {} (최고 5)", "자세한 정보 (일본어)"),
    "vi": Labels("Việc cần làm ngay", "Tình hình", "Khu vực", "Thời hạn", "Đến {}", "Nơi phát thông báo", "Điện thoại", "Cấp cảnh báo {} (cao nhất là 5)", "Thông tin đầy đủ (tiếng Nhật)"),
    "pt": Labels("O que fazer agora", "O que acontece", "Onde", "Validade", "Até {}", "Emitido por", "Telefone", "Nível de alerta {} (de 5)", "Informação completa (em japonês)"),
    "fil": Labels("Gawin ngayon", "Ano", "Saan", "Hanggang kailan", "Hanggang {}", "Mula sa", "Telepono", "Antas ng alerto {} (sa 5)", "Buong impormasyon (sa Hapon)"),
    "es": Labels("Qué hacer ahora", "Qué ocurre", "Dónde", "Validez", "Hasta {}", "Emitido por", "Teléfono", "Nivel de alerta {} (de 5)", "Información completa (en japonés)"),
    "id": Labels("Lakukan sekarang", "Apa", "Di mana", "Berlaku", "Sampai {}", "Dari", "Telepon", "Tingkat siaga {} (dari 5)", "Informasi lengkap (bahasa Jepang)"),
    "th": Labels("สิ่งที่ต้องทำตอนนี้", "เหตุการณ์", "พื้นที่", "ถึงเมื่อไร", "ถึง {}", "ผู้ประกาศ", "โทรศัพท์", "ระดับเตือนภัย {} (สูงสุด 5)", "ข้อมูลทั้งหมด (ภาษาญี่ปุ่น)"),
    "ne": Labels("अहिले गर्नुपर्ने काम", "के भयो", "कहाँ", "कहिलेसम्म", "{} सम्म", "जारी गर्ने", "फोन", "चेतावनी तह {} (५ मध्ये)", "पूरा जानकारी (जापानी भाषा)"),
}  # fmt: skip

CORRECTIONS = {
    "ja": "【訂正】",
    "en": "Correction:",
    "zh-Hans": "【更正】",
    "zh-Hant": "【更正】",
    "ko": "[정정]",
    "vi": "Đính chính:",
    "pt": "Correção:",
    "fil": "Pagwawasto:",
    "es": "Corrección:",
    "id": "Ralat:",
    "th": "แก้ไข:",
    "ne": "सच्याइएको:",
}
"""What the title of a correction begins with in each language; ``ja`` is that of やさしい日本語."""

EASY = Labels(
    "いま すること",
    "どうして",
    "どこ",
    "いつまで",
    "{}まで",
    "だれが 言っていますか",
    "電話",
    "あぶなさ {}（いちばん 上は 5）",
    "くわしい お知らせ",
)


def labels(tag: str) -> Labels:
    """Return the labels of a language; those of やさしい日本語 for Japanese."""
    return EASY if tag == "ja" else _OF[tag]


def end_of(tag: str, moment: dt.datetime) -> str:
    """Return ``Until 2021-03-31 21:00 (JST)``: digits that people of all languages read alike, with the zone, since readers may be abroad."""
    if tag == "ja":
        return labels(tag).until.format(f"{moment.month}月{moment.day}日 {moment.hour}時" + (f"{moment.minute}分" if moment.minute else ""))
    return labels(tag).until.format(f"{moment:%Y-%m-%d %H:%M} (JST)")
