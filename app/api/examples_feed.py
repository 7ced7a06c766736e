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

_PERIOD = {
    "key": "2026-10",
    "kind": "month",
    "title": "Tháng 10/2026",
    "start": "2026-10-01T00:00:00+07:00",
    "end": "2026-11-01T00:00:00+07:00",
}
_WHEN = {"period": _PERIOD, "as_of": "2026-11-01T00:00:00+07:00", "read_at": "2026-11-01T00:00:00+07:00"}
_COUNTS = {
    "received": {"n": 412, "seconds": 0},
    "resolved_late": {"n": 31, "seconds": 21_427_200},
    "resolved_on_time": {"n": 354, "seconds": 51_537_600},
}
_SOME = {"received": 412.0, "on_time_rate": 91.948_051_948}

DEFINITIONS: dict[str, Any] = {
    "items": [
        {
            "name": "on_time_rate",
            "kind": "share",
            "unit": "percent",
            "title_vi": "Tỷ lệ đúng hạn",
            "says_vi": "Trong số đã xử lý, phần có kết quả trước hạn ban đầu; thời gian chờ công dân bổ sung không "
            "tính vào hạn.",
            "title_en": "On-time rate",
            "says_en": "Of those handled, the share with a result before the original deadline; pauses do not count.",
            "of": ["resolved_on_time"],
            "among": ["resolved_extended", "resolved_late", "resolved_on_time"],
            "events": ["resolved"],
        }
    ]
}
FIGURES: dict[str, Any] = {
    **_WHEN,
    "by": "agency",
    "groups": [{"key": _COMPANY["id"], "name": _COMPANY["name"], "figures": _SOME, "counts": _COUNTS}],
}
SERIES: dict[str, Any] = {
    **_WHEN,
    "steps": [
        {
            "start": "2026-10-01T00:00:00+07:00",
            "end": "2026-10-02T00:00:00+07:00",
            "figures": {"received": 12.0},
            "counts": {"received": {"n": 12, "seconds": 0}},
        }
    ],
}
AGEING: dict[str, Any] = {
    **_WHEN,
    "by": None,
    "days": [1, 3, 7, 15, 30],
    "groups": [{"key": "", "name": "", "counts": [14, 22, 31, 9, 4, 1]}],
}
COUNTED: dict[str, Any] = {
    **_WHEN,
    "figure": "overdue",
    "items": [
        {
            "code": "PA-7K3M-9QX2",
            "at": "2026-10-28T09:14:00+07:00",
            "agency": _COMPANY,
            "category": {"id": "street-light", "name": "Đèn đường hỏng"},
            "commune": {"id": "32002", "name": "Phường An Xuyên"},
            "channel": "telegram",
            "seconds": 312_360,
        }
    ],
    "next": None,
}
