"""Example answers of the feeds: what has changed, and figures. ``tests/api/test_openapi.py`` holds each against its
schema."""

from typing import Any

_COMPANY = {"id": "moi-truong-do-thi-ca-mau", "name": "Công ty Cổ phần Môi trường Đô thị Cà Mau"}

FEED: dict[str, Any] = {
    "items": [
        {
            "code": "PA-7K3M-9QX2",
            "status": "resolved",
            "status_word": "Đã xử lý",
            "category": {"id": "street-light", "name": "Đèn đường hỏng"},
            "commune": {"code": "32002", "name": "Phường An Xuyên"},
            "lat": 9.1769,
            "lon": 105.1524,
            "place_approximate": False,
            "address": None,
            "agency": _COMPANY,
            "supervisor": None,
            "channel": "telegram",
            "urgency": "normal",
            "visibility": "public",
            "published": True,
            "submitted_at": "2026-11-22T02:14:09Z",
            "assigned_at": "2026-11-22T02:14:09Z",
            "resolved_at": "2026-11-23T11:30:41Z",
            "ended_at": None,
            "intake_due_at": "2026-11-22T14:14:09Z",
            "due_at": "2026-11-25T02:14:09Z",
            "paused_at": None,
            "extended_to": None,
            "rating": None,
            "original": None,
            "part_of": None,
            "text": "Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay, hẻm tối om, đi lại rất nguy hiểm.",
            "erased_at": None,
            "updated_at": "2026-11-23T11:30:41Z",
        }
    ],
    "gone": ["PA-4T2W-8HND"],
    "next": "WyJsaXZlIiw5ODE3LCIwMTljZDQ2YS0xYjJjLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAiLDQsbnVsbF0",
    "more": False,
}
