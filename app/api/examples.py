"""Example bodies and answers for the API's description. ``tests/api/test_openapi.py`` holds each against its schema,
and sends the example requests to the real thing."""

from typing import Any

CODE = "PA-7K3M-9QX2"
ROOT = "https://phananh.example.vn/api/v1"
_HERE = f"{ROOT}/reports/{CODE}"
PHOTO = f"{ROOT}/photos/3b8e1f6a9c0d2e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f"
TOKEN = "token=1795338000.kq0v3Xb1mZxLwN5sPa7eT2uHc8RdYf6GjKoQiW4lE9A"  # noqa: S105  # an example
AN_XUYEN = {"code": "32002", "name": "Phường An Xuyên"}
STREET_LIGHT = {"id": "street-light", "name": "Đèn đường hỏng"}
COMPANY = {
    "id": "moi-truong-do-thi-ca-mau",
    "name": "Công ty Cổ phần Môi trường Đô thị Cà Mau",
}
TEXT = "Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay, hẻm tối om, đi lại rất nguy hiểm."
_RESULT = "Đã thay bóng và chấn lưu, đèn sáng lại từ 18 giờ ngày 23/11."
SENT, ASSIGNED, RESOLVED = "2026-11-22T02:14:09Z", "2026-11-22T02:14:09Z", "2026-11-23T11:30:41Z"
DUE = "2026-11-25T02:14:09Z"
FIRST_ANSWER = {"due_at": "2026-11-23T02:14:09Z", "answered_at": None, "overdue": False}

REPORT = {
    "text": TEXT,
    "lat": 9.1769,
    "lon": 105.1524,
    "address": "12 Lý Bôn, An Xuyên",
    "commune_code": "32002",
    "category": "street-light",
    "contact_name": "Nguyễn Thị Lan",
    "contact_phone": "0912 345 678",
    "consent": True,
}
_LINKS = {
    "self": _HERE,
    "photos": f"{_HERE}/photos",
    "messages": f"{_HERE}/messages",
    "withdraw": f"{_HERE}/withdraw",
    "rating": f"{_HERE}/rating",
    "dispute": f"{_HERE}/dispute",
}
FILED = {
    "code": CODE,
    "tracking_secret": "kQ3vJt8rYb1mZx5LwN0sPa7e",
    "status": "assigned",
    "status_word": "Đã chuyển xử lý",
    "category": STREET_LIGHT,
    "commune": AN_XUYEN,
    "place_approximate": False,
    "place_candidates": [],
    "agency": COMPANY,
    "deadline": DUE,
    "photos_refused": [
        {
            "field": "photos[1]",
            "key": "photos.damaged",
            "message": "Ảnh hem-toi.jpg bị hỏng hoặc chưa tải hết. Vui lòng chụp hoặc gửi lại ảnh này.",
        }
    ],
    "links": _LINKS,
}
_HISTORY = [
    {"at": SENT, "what": "submitted", "words": "Phản ánh được gửi.", "text": None},
    {
        "at": ASSIGNED,
        "what": "assigned",
        "words": f"Chuyển đến {COMPANY['name']}. Hạn: 25/11/2026 09:14.",
        "text": None,
    },
    {"at": RESOLVED, "what": "resolved", "words": "Đã xử lý xong, có trả lời công khai.", "text": _RESULT},
]
_BEFORE = {"stage": "before", "at": SENT, "small": f"{PHOTO}/small?{TOKEN}", "large": f"{PHOTO}/large?{TOKEN}"}
PUBLIC_VIEW: dict[str, Any] = {
    "view": "public",
    "code": CODE,
    "status": "resolved",
    "status_word": "Đã xử lý",
    "visibility": "public",
    "published": True,
    "category": STREET_LIGHT,
    "commune": AN_XUYEN,
    "place_approximate": False,
    "agency": COMPANY,
    "submitted_at": SENT,
    "due_at": DUE,
    "resolved_at": RESOLVED,
    "ended_at": None,
    "text": TEXT,
    "photos": [_BEFORE],
    "resolution": _RESULT,
    "voices": 3,
    "timeline": _HISTORY,
}
REPORTER_VIEW = {
    "view": "reporter",
    "code": CODE,
    "status": "resolved",
    "status_word": "Đã xử lý",
    "visibility": "public",
    "published": True,
    "category": STREET_LIGHT,
    "place": {
        "lat": 9.1769,
        "lon": 105.1524,
        "address": "12 Lý Bôn, An Xuyên",
        "commune": AN_XUYEN,
        "approximate": False,
    },
    "agency": COMPANY,
    "submitted_at": SENT,
    "intake_due_at": "2026-11-22T14:14:09Z",
    "due_at": DUE,
    "paused_at": None,
    "resolved_at": RESOLVED,
    "ended_at": None,
    "text": TEXT,
    "photos": [_BEFORE],
    "messages": [{"at": RESOLVED, "kind": "resolution", "by": "agency", "text": _RESULT}],
    "question": None,
    "resolution": _RESULT,
    "rating": None,
    "voices": 3,
    "original": None,
    "history": _HISTORY,
    "acts": ["rate", "dispute"],
    "links": _LINKS,
}
NEAR_BODY = {"text": "Đèn đường hẻm 12 Lý Bôn không sáng", "lat": 9.1769, "lon": 105.1524, "category": "street-light"}
NEAR: dict[str, Any] = {
    "items": [
        {
            "code": CODE,
            "status": "assigned",
            "status_word": "Đã chuyển xử lý",
            "category": STREET_LIGHT,
            "commune": AN_XUYEN["name"],
            "distance_m": 20,
            "same_photo": False,
            "words_alike": 0.53,
            "score": 63,
            "submitted_at": SENT,
            "voices": 3,
            "published": True,
            "text": TEXT,
            "photo": f"{PHOTO}/small?{TOKEN}",
        }
    ]
}
PHOTOS_BODY = {"uploads": ["3f0c5f0e-6a64-4b7e-9d7c-2b7f0f1f5b11"]}
PHOTOS = {"photos_refused": [], "report": REPORTER_VIEW}
PUSH_KEY = {
    "public_key": "BDCdCmWKjtwlJZ1dpyGECHGfpZOVQ_tJG0OSxwIYXQaLqZ8UCuKULXdKrj1Tq4ltqm_9zM8hUPMN8nsaB_4Zz-M",
}
DEVICE_BODY = {
    "push_url": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABm7K3M9QX2",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
DEVICE = {"push_url": DEVICE_BODY["push_url"], "encrypted": True, "at": SENT}
MESSAGE = {"text": "Đèn hỏng là cây đèn thứ hai tính từ đầu hẻm."}
WITHDRAW = {"text": "Đèn đã sáng lại."}
RATING = {"rating": "satisfied", "text": "Làm nhanh, cảm ơn."}
DISPUTE = {"text": "Đèn chỉ sáng được một đêm rồi lại tắt."}

CATEGORIES: dict[str, Any] = {
    "rule_set": "8f3a1c0de9b24756",
    "groups": [
        {
            "id": "dien-chieu-sang",
            "name": "Điện – chiếu sáng",
            "icon": "💡",
            "categories": [
                {
                    **STREET_LIGHT,
                    "icon": "💡",
                    "visibility": "public",
                    "urgency": "normal",
                    "handling": "3 ngày làm việc",
                    "examples": ["Đèn đường hẻm 5 tắt cả tuần nay"],
                    "out_of_scope": False,
                    "advice": "",
                    "questions": [],
                }
            ],
        },
        {
            "id": "cap-thoat-nuoc",
            "name": "Cấp thoát nước",
            "icon": "🚰",
            "categories": [
                {
                    "id": "flooding",
                    "name": "Ngập nước, triều cường",
                    "icon": "🌊",
                    "visibility": "public",
                    "urgency": "normal",
                    "handling": "7 ngày làm việc",
                    "examples": ["trieu cuong len la hem 3 ngap lenh lang, xe chet may het"],
                    "out_of_scope": False,
                    "advice": "",
                    "questions": [
                        {
                            "id": "water",
                            "text": "Nước đã vào nhà dân chưa?",
                            "answers": [
                                {"id": "houses", "name": "Đã vào nhà"},
                                {"id": "street", "name": "Chưa, chỉ ngập ngoài đường"},
                            ],
                        }
                    ],
                }
            ],
        },
    ],
}
_CANDIDATES = [
    {"code": "32002", "name": "Phường An Xuyên", "province": "Tỉnh Cà Mau", "distance_m": 812.4, "former": None},
    {"code": "32014", "name": "Phường Lý Văn Lâm", "province": "Tỉnh Cà Mau", "distance_m": 3302.0, "former": None},
]
LOCATED = {"commune": AN_XUYEN, "approximate": True, "candidates": _CANDIDATES}
FOUND = {
    "candidates": [
        {
            "code": "32002",
            "name": "Phường An Xuyên",
            "province": "Tỉnh Cà Mau",
            "distance_m": None,
            "former": "Phường 9, Thành phố Cà Mau",
        }
    ]
}
READY = {"ready": True, "database": "ok", "photos": "ok", "queue_seconds": 0.4}
