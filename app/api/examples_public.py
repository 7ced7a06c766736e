"""Example bodies and answers of what everybody may read, as in ``app.api.examples``."""

from typing import Any

from app.api.examples import AN_XUYEN, CATEGORIES, CODE, COMPANY, NEAR, PHOTO, RESOLVED, SENT, STREET_LIGHT, TEXT, TOKEN

PUBLIC_PAGE: dict[str, Any] = {
    "items": [
        {
            "code": CODE,
            "status": "resolved",
            "status_word": "Đã xử lý",
            "category": STREET_LIGHT,
            "commune": AN_XUYEN,
            "agency": COMPANY,
            "submitted_at": SENT,
            "resolved_at": RESOLVED,
            "text": TEXT,
            "photo": f"{PHOTO}/small?{TOKEN}",
            "photo_after": None,
            "voices": 3,
            "lat": 9.1769,
            "lon": 105.1524,
        }
    ],
    "next": "WyIyMDI2LTExLTIyVDAyOjE0OjA5WiIsIjAxOThjNmEyIl0",
}
POINTS: dict[str, Any] = {
    "items": [
        {"lat": 9.1802, "lon": 105.1503, "n": 12, "code": None, "category": None},
        {"lat": 9.1769, "lon": 105.1524, "n": 1, "code": CODE, "category": STREET_LIGHT},
    ]
}
_CENTRE = {**AN_XUYEN, "lat": 9.2246, "lon": 105.178}
COMMUNES: dict[str, Any] = {"items": [_CENTRE]}
COMMUNE: dict[str, Any] = {
    **_CENTRE,
    "period": "2026",
    "period_title": "Năm 2026",
    "figures": [
        {
            "name": "received",
            "title": "Tiếp nhận",
            "says": "Số phản ánh gửi trong kỳ.",
            "unit": "reports",
            "value": 412.0,
            "words": "412",
        }
    ],
}
SUGGEST_BODY = {"text": "den duong hem 12 ly bon khong sang", "lat": 9.1769, "lon": 105.1524}
SUGGESTIONS: dict[str, Any] = {
    "guesses": [STREET_LIGHT],
    "category": CATEGORIES["groups"][0]["categories"][0],
    "commune": AN_XUYEN,
    "candidates": [],
    "near": NEAR["items"],
}
