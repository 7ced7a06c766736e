"""Example bodies and answers for the API's description. ``tests/api/test_openapi.py`` holds each against its schema,
and sends the example requests to the real thing."""

from typing import Any

_CODE = "PA-7K3M-9QX2"
_ROOT = "https://phananh.example.vn/api/v1"
_HERE = f"{_ROOT}/reports/{_CODE}"
_PHOTO = f"{_ROOT}/photos/3b8e1f6a9c0d2e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f"
_TOKEN = "token=1795338000.kq0v3Xb1mZxLwN5sPa7eT2uHc8RdYf6GjKoQiW4lE9A"  # noqa: S105  # an example
_AN_XUYEN = {"code": "32002", "name": "Phường An Xuyên"}
_STREET_LIGHT = {"id": "street-light", "name": "Đèn đường hỏng"}
_COMPANY = {
    "id": "moi-truong-do-thi-ca-mau",
    "name": "Công ty Cổ phần Môi trường Đô thị Cà Mau",
}
_TEXT = "Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay, hẻm tối om, đi lại rất nguy hiểm."
_RESULT = "Đã thay bóng và chấn lưu, đèn sáng lại từ 18 giờ ngày 23/11."
_SENT, _ASSIGNED, _RESOLVED = "2026-11-22T02:14:09Z", "2026-11-22T02:14:09Z", "2026-11-23T11:30:41Z"
_DUE = "2026-11-25T02:14:09Z"
_FIRST_ANSWER = {"due_at": "2026-11-23T02:14:09Z", "answered_at": None, "overdue": False}

REPORT = {
    "text": _TEXT,
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
    "code": _CODE,
    "tracking_secret": "kQ3vJt8rYb1mZx5LwN0sPa7e",
    "status": "assigned",
    "status_word": "Đã chuyển xử lý",
    "category": _STREET_LIGHT,
    "commune": _AN_XUYEN,
    "place_approximate": False,
    "place_candidates": [],
    "agency": _COMPANY,
    "deadline": _DUE,
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
    {"at": _SENT, "what": "submitted", "words": "Phản ánh được gửi.", "text": None},
    {
        "at": _ASSIGNED,
        "what": "assigned",
        "words": f"Chuyển đến {_COMPANY['name']}. Hạn: 09:14 25/11/2026.",
        "text": None,
    },
    {"at": _RESOLVED, "what": "resolved", "words": "Đã xử lý xong, có trả lời công khai.", "text": _RESULT},
]
_BEFORE = {"stage": "before", "at": _SENT, "small": f"{_PHOTO}/small?{_TOKEN}", "large": f"{_PHOTO}/large?{_TOKEN}"}
PUBLIC_VIEW: dict[str, Any] = {
    "view": "public",
    "code": _CODE,
    "status": "resolved",
    "status_word": "Đã xử lý",
    "visibility": "public",
    "published": True,
    "category": _STREET_LIGHT,
    "commune": _AN_XUYEN,
    "place_approximate": False,
    "agency": _COMPANY,
    "submitted_at": _SENT,
    "due_at": _DUE,
    "resolved_at": _RESOLVED,
    "ended_at": None,
    "text": _TEXT,
    "photos": [_BEFORE],
    "resolution": _RESULT,
    "voices": 3,
    "timeline": _HISTORY,
}
REPORTER_VIEW = {
    "view": "reporter",
    "code": _CODE,
    "status": "resolved",
    "status_word": "Đã xử lý",
    "visibility": "public",
    "published": True,
    "category": _STREET_LIGHT,
    "place": {
        "lat": 9.1769,
        "lon": 105.1524,
        "address": "12 Lý Bôn, An Xuyên",
        "commune": _AN_XUYEN,
        "approximate": False,
    },
    "agency": _COMPANY,
    "submitted_at": _SENT,
    "intake_due_at": "2026-11-22T14:14:09Z",
    "due_at": _DUE,
    "paused_at": None,
    "resolved_at": _RESOLVED,
    "ended_at": None,
    "text": _TEXT,
    "photos": [_BEFORE],
    "messages": [{"at": _RESOLVED, "kind": "resolution", "by": "agency", "text": _RESULT}],
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
NEAR = {
    "items": [
        {
            "code": _CODE,
            "status": "assigned",
            "status_word": "Đã chuyển xử lý",
            "category": _STREET_LIGHT,
            "commune": _AN_XUYEN["name"],
            "distance_m": 20,
            "same_photo": False,
            "words_alike": 0.53,
            "score": 63,
            "submitted_at": _SENT,
            "voices": 3,
            "published": True,
            "text": _TEXT,
            "photo": f"{_PHOTO}/small?{_TOKEN}",
        }
    ]
}
PHOTOS = {"photos_refused": [], "report": REPORTER_VIEW}
MESSAGE = {"text": "Đèn hỏng là cây đèn thứ hai tính từ đầu hẻm."}
WITHDRAW = {"text": "Đèn đã sáng lại."}
RATING = {"rating": "satisfied", "text": "Làm nhanh, cảm ơn."}
DISPUTE = {"text": "Đèn chỉ sáng được một đêm rồi lại tắt."}

CATEGORIES = {
    "rule_set": "8f3a1c0de9b24756",
    "groups": [
        {
            "id": "dien-chieu-sang",
            "name": "Điện – chiếu sáng",
            "icon": "💡",
            "categories": [
                {
                    **_STREET_LIGHT,
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
LOCATED = {"commune": _AN_XUYEN, "approximate": True, "candidates": _CANDIDATES}
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

SIGN_IN = {"username": "tran.thi.bich", "password": "mưa rơi trên mái lá"}
ME = {
    "id": "0198c6a2-5d1e-7c3b-9a40-6f1b2c3d4e5f",
    "name": "Trần Thị Bích",
    "role": "officer",
    "agency": _COMPANY,
    "agencies": ["moi-truong-do-thi-ca-mau"],
}
SESSION = {"csrf_token": "Vb7n3kQ0x1mZ5LwNsPa7eT2uHc8RdYf6GjKoQiW4lE9", "expires_at": "2026-11-23T02:00:00Z", "me": ME}
CHAT_CODE = {"code": "7K3M-9QX2", "expires_at": "2026-11-22T02:10:00Z"}
CHATS = {"items": [{"channel": "telegram", "user_id": "700000101", "linked_at": "2026-11-22T02:00:00Z"}]}
NEW_TOKEN_BODY = {
    "name": "Trang thông tin điện tử phường",
    "scopes": ["read"],
    "expires_at": "2027-11-22T00:00:00Z",
    "username": "tran.thi.bich",
}
NEW_TOKEN = {"token": "pa_kq0v3Xb1mZxLwN5sPa7eT2uHc8RdYf6GjKoQiW4lE9A"}
TOKENS = {
    "items": [
        {
            "id": "0198c6a2-7a11-7d20-8c11-0a1b2c3d4e5f",
            "name": "Trang thông tin điện tử phường",
            "scopes": ["read"],
            "created_at": "2026-11-22T02:00:00Z",
            "last_used_at": None,
            "expires_at": "2027-11-22T00:00:00Z",
            "revoked_at": None,
        }
    ]
}
AGENCIES = {
    "items": [{**_COMPANY, "kind": "enterprise", "parent": "so-xay-dung", "commune_code": None, "active": True}]
}

_OFFICER = {"id": ME["id"], "name": "Trần Thị Bích"}
QUEUE = {
    "items": [
        {
            "code": _CODE,
            "version": 1,
            "status": "assigned",
            "status_word": "Đã chuyển xử lý",
            "category": _STREET_LIGHT,
            "text": _TEXT,
            "commune": "Phường An Xuyên",
            "address": "12 Lý Bôn, An Xuyên",
            "agency": _COMPANY,
            "assignee": None,
            "urgency": "normal",
            "submitted_at": _SENT,
            "due_at": _DUE,
            "first_answer": _FIRST_ANSWER,
            "paused_at": None,
            "overdue": False,
            "voices": 3,
            "photo": f"{_PHOTO}/small?{_TOKEN}",
        }
    ],
    "next": None,
}
CASE = {
    "code": _CODE,
    "version": 2,
    "status": "in_progress",
    "status_word": "Đang xử lý",
    "category": _STREET_LIGHT,
    "text": _TEXT,
    "answers": [],
    "reporter_kind": "citizen",
    "channel": "api",
    "lang": "vi",
    "place": REPORTER_VIEW["place"],
    "agency": _COMPANY,
    "why_agency": {
        "rule": "chieu-sang-ca-mau",
        "rule_set": "8f3a1c0de9b24756",
        "reasons": ["Chiếu sáng công cộng ở các phường Cà Mau do Công ty Môi trường Đô thị vận hành."],
        "by": {"kind": "system", "name": None},
    },
    "proposal": None,
    "calls": [],
    "tags": [],
    "supervisor": None,
    "assignee": _OFFICER,
    "urgency": "normal",
    "visibility": "public",
    "published_at": None,
    "submitted_at": _SENT,
    "assigned_at": _ASSIGNED,
    "resolved_at": None,
    "ended_at": None,
    "deadline": {
        "intake_due_at": "2026-11-22T14:14:09Z",
        "first_answer": _FIRST_ANSWER,
        "due_at": _DUE,
        "limit": "3 ngày làm việc",
        "paused_at": None,
        "overdue": False,
        "left_seconds": 190811,
        "extension_wanted": None,
        "extended_to": None,
    },
    "handovers": 0,
    "original": None,
    "part_of": None,
    "parts": [],
    "rating": None,
    "voices": 3,
    "follower_ratings": {"satisfied": 0, "acceptable": 0, "dissatisfied": 0},
    "recordings": 0,
    "photos": [
        {
            "photo_id": "0198c6a2-8b22-7e31-9d22-1b2c3d4e5f60",
            "stage": "before",
            "at": _SENT,
            "by": "citizen",
            "width": 4000,
            "height": 3000,
            "small": f"{_PHOTO}/small?{_TOKEN}",
            "large": f"{_PHOTO}/large?{_TOKEN}",
            "original": f"{_ROOT}/staff/reports/{_CODE}/photos/0198c6a2-8b22-7e31-9d22-1b2c3d4e5f60/original",
            "proof": None,
        }
    ],
    "attachments": [
        {
            "attachment_id": "0198c6a2-ad44-7053-9f44-3d4e5f607182",
            "name": "Biên bản nghiệm thu.pdf",
            "content_type": "application/pdf",
            "size_bytes": 214_873,
            "pages": 2,
            "proof": False,
            "at": "2026-11-22T03:01:00Z",
            "by": {"kind": "staff", "name": "Trần Thị Bích"},
            "link": f"{_ROOT}/staff/reports/{_CODE}/attachments/0198c6a2-ad44-7053-9f44-3d4e5f607182",
        }
    ],
    "proof_doubts": [],
    "messages": [
        {
            "message_id": "0198c6a2-9c33-7f42-8e33-2c3d4e5f6071",
            "at": "2026-11-22T03:01:00Z",
            "kind": "note",
            "by": {"kind": "staff", "name": "Trần Thị Bích"},
            "audience": "staff",
            "text": "Tổ điện hẹn 14 giờ chiều nay.",
        }
    ],
    "history": [
        {
            "seq": 1,
            "at": _SENT,
            "what": "submitted",
            "words": "Phản ánh được gửi.",
            "by": {"kind": "citizen", "name": None},
            "message_id": None,
        }
    ],
    "notifications": [
        {
            "seq": 3,
            "channel": "telegram",
            "template": "started",
            "status": "sent",
            "attempts": 1,
            "reason": None,
            "created_at": "2026-11-22T02:40:12Z",
            "updated_at": "2026-11-22T02:40:13Z",
        }
    ],
    "acts": ["claim", "ask", "return", "progress", "resolve", "note"],
}
ACT_BODY = {"version": 2, "text": "Đã cử tổ sửa chữa, hẹn xong trước 17 giờ."}
ACT = {
    "code": _CODE,
    "version": 3,
    "status": "in_progress",
    "status_word": "Đang xử lý",
    "photos_refused": [],
    "case": {**CASE, "version": 3},
}
DIRECTIONS = {
    "items": [
        {
            "direction": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e7f",
            "code": _CODE,
            "status": "in_progress",
            "status_word": "Đang xử lý",
            "agency": _COMPANY,
            "given_at": _ASSIGNED,
            "given_by": {"id": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e80", "name": "Huỳnh Quốc Việt"},
            "due_at": _DUE,
            "text": "Rà soát toàn bộ đèn trên tuyến Lý Bôn, báo cáo trước giờ họp thứ Hai.",
            "state": "open",
            "ended_at": None,
            "ended_by": None,
            "on_time": None,
            "answer": "",
        }
    ]
}
COLLEAGUES = {
    "items": [
        {"id": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e81", "name": "Trần Thị Bích", "open_cases": 4, "away_until": None,
         "deputy": ""},
        {"id": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e82", "name": "Lê Văn Phước", "open_cases": 2,
         "away_until": "2026-12-05", "deputy": "Trần Thị Bích"},
    ]
}  # fmt: skip
TEMPLATES = {
    "items": [
        {
            "id": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e90",
            "act": "progress",
            "title": "Đã cử người đến hiện trường",
            "text": "Đã cử người đến hiện trường tại Phường An Xuyên để kiểm tra và khắc phục.",
            "lang": "vi",
            "agency": _COMPANY,
            "used": 12,
        }
    ]
}
MISROUTED = {
    "since": "2026-08-24T00:00:00Z",
    "rules": [
        {
            "rule": "chieu-sang-ca-mau",
            "decided": 120,
            "returned": 7,
            "transferred": 2,
            "wrong": 9,
            "reclassified": 3,
            "share": 0.075,
            "ended_up": [{"agency": {"id": "dien-luc-ca-mau", "name": "Công ty Điện lực Cà Mau"}, "reports": 9}],
        }
    ],
}
IDENTITY_BODY = {"reason": "Gọi lại để hỏi rõ vị trí cây đèn."}
IDENTITY = {"name": "Nguyễn Thị Lan", "phone": "0912 345 678", "email": ""}
BLOCK_BODY = {"reason": "Nhiều lần gửi phản ánh không có thật."}
BLOCK = {"in_chat": True, "blocked_since": _DUE, "reason": "Nhiều lần gửi phản ánh không có thật."}
HOTLINE = {
    "code": _CODE,
    "status": "assigned",
    "status_word": "Đã chuyển xử lý",
    "agency": _COMPANY,
    "due_at": _DUE,
    "photos_refused": [],
}
READY = {"ready": True, "database": "ok", "photos": "ok", "queue_seconds": 0.4}
